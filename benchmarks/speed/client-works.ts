import { createParser } from "eventsource-parser";
import { createDispatchStage, framesOf, tick } from "../../packages/client/test/dispatch-stage.ts";
import type { Work } from "./work-type.ts";

const EVENTS = 5_000;

/** A client with so many subscriptions, of which one gets the events. */
export async function clientWork(subscriptions: number): Promise<Work> {
  const stage = await createDispatchStage(subscriptions);
  let bytes: Uint8Array = new Uint8Array();
  return {
    events: EVENTS,
    prepare() {
      bytes = stage.frames(EVENTS);
    },
    run: () => stage.deliver(bytes, EVENTS),
  };
}

/**
 * The least that an application does itself: it finds the events, parses their JSON, and validates it. It keeps no
 * position, and knows no channels.
 */
export async function eventParserWork(): Promise<Work> {
  let seq = 0;
  let bytes: Uint8Array = new Uint8Array();
  let lastSeen = -1;
  const parser = createParser({
    onEvent({ data }) {
      lastSeen = tick.parse(JSON.parse(data)).n;
    },
  });
  return {
    events: EVENTS,
    prepare() {
      bytes = framesOf(EVENTS, () => `e-${seq++}`);
    },
    async run() {
      const decoder = new TextDecoder();
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes);
          controller.close();
        },
      });
      for await (const chunk of stream) parser.feed(decoder.decode(chunk, { stream: true }));
      if (lastSeen !== EVENTS - 1) throw new Error(`Expected ${EVENTS} events, got ${lastSeen + 1}.`);
    },
  };
}
