import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { servers } from "../wire/servers.ts";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.string() }) });
const lobby = chat.room({ roomId: "lobby" });

/** Milliseconds: ten times the bar. */
const BOUND = 10_000;

test.each(servers.filter(({ http }) => http === 1))(
  "$name: whoever may read no more is cut off, told nothing that came later, and refused when they come back; the others go on",
  async ({ serve }) => {
    const banned = new Set<string>();
    const hub = createHub(chat, {
      log: memoryLog(),
      authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }),
      authorize: ({ viewer }) => !banned.has(viewer.id),
      onLog: () => {},
    });
    const { port, close } = await serve(hub);
    onTestFinished(async () => {
      await hub.close();
      await close();
    });
    const url = `http://127.0.0.1:${port}/events?protocol=1&channel=rooms/lobby`;
    const ask = (authorization: string, more = "", accept = "text/event-stream") =>
      fetch(url + more, { headers: { authorization, accept } });
    const { id } = await hub.publish(lobby, "message", "before");
    const [hers, his] = await Promise.all([ask("ada", `&after=${id}`), ask("bo", `&after=${id}`)]);
    // On a channel of its own, which tells when it has begun to wait.
    const poll = ask("ada", `&channel=rooms/tea&after=${id}&wait=20`, "application/json");
    await expect.poll(() => hub.stats()).toMatchObject({ connections: 2, channels: 2 });

    const begun = performance.now();
    banned.add("ada");
    await hub.recheck({ viewer: "ada" });
    const told = await hers.text();
    expect(performance.now() - begun).toBeLessThan(BOUND);
    await hub.publish(lobby, "message", "secret");
    expect(told).toContain('event: bye\ndata: {"reason":"forbidden"}');
    expect(told).not.toContain("secret");
    expect((await poll).status).toBe(403);
    for (const more of ["", `&after=${id}`, "&last=5", `&after=${id}&wait=1`]) {
      expect((await ask("ada", more)).status, more).toBe(403);
      expect((await ask("ada", more, "application/json")).status, more).toBe(403);
    }
    const reader = his.body?.pipeThrough(new TextDecoderStream()).getReader();
    let read = "";
    while (!read.includes("secret"))
      read += (await reader?.read())?.value ?? expect.fail("Expected the stream to go on.");
    await reader?.cancel();
  },
);
