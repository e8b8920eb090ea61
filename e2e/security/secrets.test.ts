import { inspect } from "node:util";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type TraceRecord } from "@tidings/server";
import { createTickets } from "@tidings/server/tickets";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { servers } from "../wire/servers.ts";

const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    { message: z.object({ text: z.string() }) },
    { snapshot: z.object({ text: z.string() }) },
  ),
});
const lobby = chat.room({ roomId: "lobby" });

/** Where the application fails, in words that nobody outside may see. */
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
    const failIn = (place: string): void => {
      if (failing === place) throw Object.assign(new Error(SECRETS.thrown), { path: "/srv/app/secret.ts" });
    };
    const hub = createHub(chat, {
      log: { ...wrap(log), recent: async (...args) => (failIn("log"), log.recent(...args)) },
      authenticate: (request) => (failIn("authenticate"), tickets.redeem(request) ?? { id: "ada" }),
      authorize: () => (failIn("authorize"), true),
      snapshot: {
        room: async () => (failIn("snapshot"), { text: failing === "state" ? ([SECRETS.state] as never) : "" }),
      },
      onConnect: () => failIn("hook"),
      debug: true,
      onLog: (record) => records.push(record),
    });
    const { port, close } = await serve(hub);
    onTestFinished(async () => {
      await hub.close();
      await close();
    });
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
    for (const [place, more, status] of failures) {
      failing = place;
      const response = await ask(more, "application/json");
      const said = `${inspect([...response.headers])} ${await response.text()}`;
      expect([place, response.status]).toEqual([place, status]);
      for (const secret of [...Object.values(SECRETS), ticket, "at ", ".ts", "Error:"])
        expect(said, place).not.toContain(secret);
    }
    failing = "hook";
    await (await ask("&last=1", "text/event-stream")).body?.cancel();
    await (await ask("&channel=rooms/%2e", "text/event-stream")).text();

    // What the application threw is the operator's to see, as it is; nothing else is in it.
    for (const event of ["publish", "connect", "request-failed", "hook-failed", "read-failed"])
      expect(records).toContainEqual(expect.objectContaining({ event }));
    const { thrown: _, ...others } = SECRETS;
    const kept = inspect(records, { depth: 20, showHidden: true });
    for (const secret of [...Object.values(others), ticket]) expect(kept).not.toContain(secret);
  },
);

/** The methods of a log, bound to it. */
function wrap(log: ReturnType<typeof memoryLog>): ReturnType<typeof memoryLog> {
  return {
    append: (batch) => log.append(batch),
    read: (...args) => log.read(...args),
    recent: (...args) => log.recent(...args),
    current: (...args) => log.current(...args),
    head: () => log.head(),
    watch: (wake) => log.watch(wake),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: () => log.close(),
  };
}
