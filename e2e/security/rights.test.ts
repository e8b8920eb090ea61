import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, test } from "vitest";
import { readUntil } from "../../packages/server/test/read-until.ts";
import { serveHub } from "../serve-hub.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { servers } from "../wire/servers.ts";

/** Milliseconds: ten times the bar. */
const BOUND = 10_000;

test.each(servers.filter(({ http }) => http === 1))(
  "$name: when a right ends, its streams end without later events, reconnects get 403, and other viewers read on",
  async ({ serve }) => {
    const banned = new Set<string>();
    const hub = createHub(testContract, {
      log: memoryLog(),
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }),
      authorize: ({ viewer }) => !banned.has(viewer.id),
      onLog: () => {},
    });
    const port = await serveHub(hub, serve);
    const url = `http://127.0.0.1:${port}/events?protocol=1&channel=rooms/lobby`;
    const ask = (authorization: string, more = "", accept = "text/event-stream") =>
      fetch(url + more, { headers: { authorization, accept } });
    const { id } = await hub.publish(lobby, "message", { text: "before" });
    const [hers, his] = await Promise.all([ask("ada", `&after=${id}`), ask("bo", `&after=${id}`)]);
    // On a channel of its own, so that `channels` shows when the long poll has begun to wait.
    const poll = ask("ada", `&channel=rooms/tea&after=${id}&wait=20`, "application/json");
    await expect.poll(() => hub.stats()).toMatchObject({ connections: 2, channels: 2 });

    const begun = performance.now();
    banned.add("ada");
    await hub.recheck({ viewer: "ada" });
    const hersReceived = await hers.text();
    expect(performance.now() - begun).toBeLessThan(BOUND);
    await hub.publish(lobby, "message", { text: "secret" });
    expect(hersReceived).toContain('event: bye\ndata: {"reason":"forbidden"}');
    expect(hersReceived).not.toContain("secret");
    expect((await poll).status).toBe(403);
    for (const more of ["", `&after=${id}`, "&last=5"]) expect((await ask("ada", more)).status, more).toBe(403);
    for (const more of ["", `&after=${id}`, "&last=5", `&after=${id}&wait=1`]) {
      expect((await ask("ada", more, "application/json")).status, more).toBe(403);
    }
    await readUntil(his.body, "secret");
  },
);
