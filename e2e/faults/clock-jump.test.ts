import { createClient } from "@tidings/client";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, systemClock } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { serveHub } from "../serve-hub.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";

const HOUR = 3_600_000;

test.for([HOUR, -HOUR])(
  "when the clock of a server jumps by %d ms, no stream ends, no event is lost, and none is trimmed before its age",
  { timeout: 60_000 },
  async (jump) => {
    let offset = 0;
    const now = () => Date.now() + offset;
    const hub = createHub(testContract, {
      log: sqliteLog(await temporaryPath(), { now, keep: { age: 3 * HOUR } }),
      authorize: () => true,
      heartbeat: 1_000,
      limits: { maxAge: 3 * HOUR },
      clock: { ...systemClock, now },
    });
    const port = await serveHub(hub);
    const texts: string[] = [];
    const gaps: string[] = [];
    let attempts = 0;
    let heartbeats = 0;
    const client = createClient(testContract, {
      url: `http://127.0.0.1:${port}/events`,
      async fetch(url, init) {
        attempts++;
        const response = await fetch(url, init);
        const seen = response.body?.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, controller) {
              if (Buffer.from(chunk).includes("event: heartbeat")) heartbeats++;
              controller.enqueue(chunk);
            },
          }),
        );
        return new Response(seen ?? null, response);
      },
    });
    onTestFinished(() => client.close());
    client.subscribe(lobby, { message: ({ text }) => texts.push(text), onGap: ({ reason }) => gaps.push(reason) });
    const until = (isTrue: () => boolean) => expect.poll(isTrue, { timeout: 20_000, interval: 10 }).toBe(true);
    await until(() => client.status.value.state === "live");

    await hub.publish(lobby, "message", { text: "before" });
    await until(() => texts.length === 1);
    offset = jump;
    // Heartbeats go on; without them the client would end the stream.
    const before = heartbeats;
    await until(() => heartbeats >= before + 2);
    await hub.publish(lobby, "message", { text: "after" });
    await until(() => texts.length === 2);
    offset = 0;
    await hub.publish(lobby, "message", { text: "back again" });
    await until(() => texts.length === 3);
    expect(texts).toEqual(["before", "after", "back again"]);
    expect([gaps, attempts]).toEqual([[], 1]);

    const history = await client.history(lobby);
    expect(history.events.map(({ data }) => data)).toEqual(texts.map((text) => ({ text })));
  },
);
