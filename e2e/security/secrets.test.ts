import { inspect } from "node:util";
import { contractWithSnapshot } from "../../packages/contract/test/test-contract.ts";
import { memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub, type TraceRecord } from "@tidings/server";
import { createTickets } from "@tidings/server/tickets";
import { expect, test } from "vitest";
import { serveHub } from "../serve-hub.ts";
import { servers } from "../wire/servers.ts";

const lobby = contractWithSnapshot.room({ roomId: "lobby" });

/** Texts that must not leave the server: what the application throws, and what requests and data contain. */
const SECRETS = {
  thrown: "thrown-0ae1",
  header: "header-0ae1",
  cookie: "cookie-0ae1",
  query: "query-0ae1",
  data: "data-0ae1",
  state: "state-0ae1",
};

test.each(servers.filter(({ http }) => http === 1))(
  "$name: no 5xx says why, and no record has a header, a cookie, a query, a ticket or data",
  async ({ serve }) => {
    const records: TraceRecord[] = [];
    const tickets = createTickets();
    const log = memoryLog();
    let failing = "nothing";
    const failIn = (part: string): void => {
      if (failing === part) throw Object.assign(new Error(SECRETS.thrown), { path: "/srv/app/secret.ts" });
    };
    const hub = createHub(contractWithSnapshot, {
      log: wrapLog(log, {
        async recent(...parameters) {
          failIn("log");
          return log.recent(...parameters);
        },
      }),
      authenticate(request) {
        failIn("authenticate");
        return tickets.redeem(request) ?? { id: "ada" };
      },
      authorize() {
        failIn("authorize");
        return true;
      },
      snapshot: {
        async room() {
          failIn("snapshot");
          // A state that the schema refuses, so that the types refuse it, too.
          return { text: failing === "state" ? ([SECRETS.state] as never) : "" };
        },
      },
      onConnect: () => failIn("hook"),
      debug: true,
      onLog: (record) => records.push(record),
    });
    const port = await serveHub(hub, serve);
    await hub.publish(lobby, "message", { text: SECRETS.data });
    const ticket = tickets.issue({ id: "ada" });
    const ask = (more: string, accept: string) =>
      fetch(
        `http://127.0.0.1:${port}/events?protocol=1&channel=rooms/lobby${more}&token=${SECRETS.query}&ticket=${ticket}`,
        {
          headers: { accept, authorization: `Bearer ${SECRETS.header}`, cookie: `sid=${SECRETS.cookie}` },
        },
      );
    const failures: [string, string, number][] = [
      ["authenticate", "", 500],
      ["authorize", "", 500],
      ["log", "&last=1", 503],
      ["snapshot", "&snapshot", 500],
      ["state", "&snapshot", 500],
    ];
    for (const [part, more, status] of failures) {
      failing = part;
      const response = await ask(more, "application/json");
      const answer = `${inspect([...response.headers])} ${await response.text()}`;
      expect([part, response.status]).toEqual([part, status]);
      for (const secret of [...Object.values(SECRETS), ticket, "at ", ".ts", "Error:"]) {
        expect(answer, part).not.toContain(secret);
      }
    }
    failing = "hook";
    await (await ask("&last=1", "text/event-stream")).body?.cancel();
    await (await ask("&channel=rooms/%2e", "text/event-stream")).text();

    // The records have the errors that the application threw, for the operator, but none of the other secrets.
    for (const event of ["publish", "connect", "request-failed", "hook-failed", "read-failed"]) {
      expect(records).toContainEqual(expect.objectContaining({ event }));
    }
    const { thrown: _, ...others } = SECRETS;
    const kept = inspect(records, { depth: 20, showHidden: true });
    for (const secret of [...Object.values(others), ticket]) expect(kept).not.toContain(secret);
  },
);
