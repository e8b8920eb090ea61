import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, systemClock } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { freshFile } from "./fresh-file.ts";
import { chat } from "./served-chat.ts";

const HOUR = 3_600_000;
const room = chat.room({ roomId: "lobby" });

test.for([HOUR, -HOUR])(
  "a server whose clock jumps by %d ms goes on: no stream ends, no event is lost, and nothing is trimmed that is younger than its age",
  { timeout: 60_000 },
  async (jump) => {
    let elapsed = 0;
    const now = () => Date.now() + elapsed;
    const hub = createHub(chat, {
      log: sqliteLog(await freshFile(), { now, keep: { age: 3 * HOUR } }),
      authorize: () => true,
      heartbeat: 1_000,
      limits: { maxAge: 3 * HOUR },
      clock: { ...systemClock, now },
    });
    const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1");
    await once(server, "listening");
    // A server that listens on a TCP port has an address of this shape.
    const { port } = server.address() as AddressInfo;
    const texts: string[] = [];
    const gaps: string[] = [];
    let attempts = 0;
    let beats = 0;
    const client = createClient(chat, {
      url: `http://127.0.0.1:${port}/events`,
      async fetch(url, init) {
        attempts++;
        const response = await fetch(url, init);
        const seen = response.body?.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, controller) {
              if (Buffer.from(chunk).includes("event: heartbeat")) beats++;
              controller.enqueue(chunk);
            },
          }),
        );
        return new Response(seen ?? null, response);
      },
    });
    onTestFinished(async () => {
      client.close();
      await hub.close();
      server.close();
    });
    client.subscribe(room, { message: ({ text }) => texts.push(text), onGap: ({ reason }) => gaps.push(reason) });
    const until = (isSo: () => boolean) => expect.poll(isSo, { timeout: 20_000, interval: 10 }).toBe(true);
    await until(() => client.status.value.state === "live");

    await hub.publish(room, "message", { text: "before" });
    await until(() => texts.length === 1);
    elapsed = jump;
    // Heartbeats go on: an hour without one would be the end of a stream.
    const before = beats;
    await until(() => beats >= before + 2);
    await hub.publish(room, "message", { text: "after" });
    await until(() => texts.length === 2);
    elapsed = 0;
    await hub.publish(room, "message", { text: "back again" });
    await until(() => texts.length === 3);
    expect(texts).toEqual(["before", "after", "back again"]);
    expect([gaps, attempts]).toEqual([[], 1]);

    const history = await client.history(room);
    expect(history.events.map(({ data }) => data)).toEqual(texts.map((text) => ({ text })));
  },
);
