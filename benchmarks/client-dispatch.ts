/**
 * What one event costs a client with 1 subscription, and with 1,000 subscriptions to other addresses. Both are measured
 * in one run and take turns, and the result is a ratio.
 *
 *   npx tsx --conditions @tidings/source benchmarks/client-dispatch.ts
 */
import { createClient, type Fetch } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { eventName, formatControl, formatCursor, formatFrame, formatRetry } from "@tidings/protocol";
import { z } from "zod";

const EVENTS = 5_000;
const ROUNDS = 21;
const SUBSCRIPTIONS = [1, 1_000] as const;
/** With 1,000 subscriptions, an event may cost this many times as much as with 1. */
const MAX_RATIO = 1.3;

const contract = defineContract({
  feed: channel("feeds/:id", { tick: z.object({ n: z.number(), text: z.string() }) }),
});
const text = "x".repeat(120);

/** A client whose stream brings what `push` is given. */
async function createStage(subscriptions: number) {
  let push: (bytes: Uint8Array) => void = () => {};
  const fetch: Fetch = async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        push = (bytes) => controller.enqueue(bytes);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  let heard = 0;
  let onLast = () => {};
  const client = createClient(contract, { url: "http://bench.test/events", fetch });
  const first = contract.feed({ id: "0" });
  client.subscribe(first, {
    onGap: () => {},
    tick() {
      heard++;
      if (heard === EVENTS) onLast();
    },
  });
  for (let id = 1; id < subscriptions; id++) {
    client.subscribe(contract.feed({ id: String(id) }), { onGap: () => {} });
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  const encoder = new TextEncoder();
  let seq = 1;
  const id = () => formatCursor({ epoch: "e", seq: seq++ });
  const hello = formatControl("hello", { protocol: 1, heartbeat: 60_000, contract: "" }, id());
  push(encoder.encode(formatRetry(2_000) + hello));
  await new Promise((resolve) => setTimeout(resolve, 50));

  return {
    /** Microseconds of one event, from bytes to handler. */
    async measure(): Promise<number> {
      const frames = Array.from({ length: EVENTS }, (_, n) =>
        formatFrame(eventName(first.path, "tick"), JSON.stringify({ n, text }), id()),
      );
      const bytes = encoder.encode(frames.join(""));
      heard = 0;
      const done = new Promise<void>((resolve) => (onLast = resolve));
      const begin = performance.now();
      push(bytes);
      await done;
      return ((performance.now() - begin) * 1_000) / EVENTS;
    },
    close: () => client.close(),
  };
}

const stages = await Promise.all(SUBSCRIPTIONS.map(createStage));
const fastest = SUBSCRIPTIONS.map(() => Infinity);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, stage] of stages.entries()) {
    fastest[index] = Math.min(fastest[index] ?? Infinity, await stage.measure());
  }
}
for (const stage of stages) stage.close();

const [alone = 0, among = 0] = fastest;
const ratio = among / alone;
console.log(`one event with 1 subscription:       ${alone.toFixed(2)} µs`);
console.log(`one event with 1,000 subscriptions:  ${among.toFixed(2)} µs`);
console.log(`ratio ${ratio.toFixed(2)} (at most ${MAX_RATIO})`);
process.exitCode = ratio <= MAX_RATIO ? 0 : 1;
