import { channel, defineContract } from "@tidings/contract";
import { eventName, formatControl, formatCursor, formatFrame, formatRetry } from "@tidings/protocol";
import { z } from "zod";
import { createClient } from "../src/create-client.ts";
import type { Fetch } from "../src/options.ts";

/** What each event has. */
export const tick = z.object({ n: z.number(), text: z.string() });

const contract = defineContract({ feed: channel("feeds/:id", { tick }) });
const last = contract.feed({ id: "0" });
const text = "x".repeat(120);

/** The bytes of so many events, of 200 bytes each. */
export function framesOf(events: number, nextId: () => string): Uint8Array {
  const frames = Array.from({ length: events }, (_, n) =>
    formatFrame(eventName(last.path, "tick"), JSON.stringify({ n, text }), nextId()),
  );
  return new TextEncoder().encode(frames.join(""));
}

/** A client in real time, with a stream of its own. */
export interface DispatchStage {
  /** Bytes of the next events. */
  frames(events: number): Uint8Array;
  /** Waits until the handler has had them all. */
  deliver(bytes: Uint8Array, events: number): Promise<void>;
  /** Microseconds of one event, from bytes to handler. */
  measure(events: number): Promise<number>;
  close(): void;
}

/** A client that follows so many addresses. The events are all for the last of them. */
export async function createDispatchStage(subscriptions: number): Promise<DispatchStage> {
  let push: (bytes: Uint8Array) => void = () => {};
  const fetch: Fetch = async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        push = (bytes) => controller.enqueue(bytes);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  let remaining = 0;
  let onLast = () => {};
  const client = createClient(contract, { url: "http://stage.test/events", fetch });
  for (let id = 1; id < subscriptions; id++) {
    client.subscribe(contract.feed({ id: String(id) }), { onGap: () => {} });
  }
  const live = client.subscribe(last, {
    onGap: () => {},
    tick() {
      remaining--;
      if (remaining === 0) onLast();
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  let seq = 1;
  const id = () => formatCursor({ epoch: "e", seq: seq++ });
  const hello = formatControl("hello", { protocol: 1, heartbeat: 60_000, contract: "" }, id());
  push(new TextEncoder().encode(formatRetry(2_000) + hello));
  await new Promise<void>((resolve) => {
    const stop = live.status.subscribe(() => live.status.value.state === "live" && (stop(), resolve()));
    if (live.status.value.state === "live") resolve();
  });

  const deliver = async (bytes: Uint8Array, events: number): Promise<void> => {
    remaining = events;
    const done = new Promise<void>((resolve) => (onLast = resolve));
    push(bytes);
    await done;
  };
  return {
    frames: (events) => framesOf(events, id),
    deliver,
    async measure(events) {
      const bytes = framesOf(events, id);
      const begin = performance.now();
      await deliver(bytes, events);
      return ((performance.now() - begin) * 1_000) / events;
    },
    close: () => client.close(),
  };
}

/** The fastest of some rounds of each stage, in microseconds an event: other work on the machine only adds time. */
export async function fastestOf(
  stages: readonly DispatchStage[],
  { rounds, events }: { readonly rounds: number; readonly events: number },
): Promise<readonly number[]> {
  const fastest = stages.map(() => Infinity);
  for (let round = 0; round < rounds; round++) {
    for (const [index, stage] of stages.entries()) {
      fastest[index] = Math.min(fastest[index] ?? Infinity, await stage.measure(events));
    }
  }
  return fastest;
}
