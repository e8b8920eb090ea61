import { createParser } from "eventsource-parser";
import { createDispatchStage, framesOf, tick } from "../../packages/client/test/dispatch-stage.ts";
import type { Work } from "./work-type.ts";

/** The events of a run: enough for a tenth of a second, so that a collection of garbage does not decide. */
const EVENTS = 50_000;
/** A read of a socket brings 64 KiB at most. */
const CHUNK_EVENTS = 250;
const CHUNKS = EVENTS / CHUNK_EVENTS;

/** A client with so many subscriptions, of which one gets the events. */
export async function clientWork(subscriptions: number): Promise<Work> {
  const stage = await createDispatchStage(subscriptions);
  let chunks: readonly Uint8Array[] = [];
  return {
    events: EVENTS,
    prepare() {
      chunks = Array.from({ length: CHUNKS }, () => stage.frames(CHUNK_EVENTS));
    },
    async run() {
      for (const chunk of chunks) await stage.deliver(chunk, CHUNK_EVENTS);
    },
  };
}

/**
 * The least that an application does itself: it finds the events, parses their JSON, and validates it. It keeps no
 * position, and knows no channels.
 */
export async function eventParserWork(): Promise<Work> {
  let seq = 0;
  let chunks: readonly Uint8Array[] = [];
  let received = 0;
  const parser = createParser({
    onEvent({ data }) {
      if (tick.parse(JSON.parse(data)).n >= 0) received++;
    },
  });
  return {
    events: EVENTS,
    prepare() {
      received = 0;
      chunks = Array.from({ length: CHUNKS }, () => framesOf(CHUNK_EVENTS, () => `e-${seq++}`));
    },
    async run() {
      const decoder = new TextDecoder();
      const rest = chunks.values();
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { done, value } = rest.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      });
      for await (const chunk of stream) parser.feed(decoder.decode(chunk, { stream: true }));
      if (received !== EVENTS) throw new Error(`Expected ${EVENTS} events, got ${received}.`);
    },
  };
}
