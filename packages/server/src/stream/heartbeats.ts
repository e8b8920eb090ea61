import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "../runtime/sleep.ts";
import type { TurnQueue } from "../runtime/turn-queue.ts";
import type { Chunk } from "../wire/chunk.ts";
import { controlFrame } from "../wire/frame.ts";

/** A stream that looks at its heartbeat and its deadlines when it is told to. */
export interface TimedStream {
  /** @param sharedHeartbeat the heartbeat of a stream that has everything */
  tick(sharedHeartbeat: Chunk): void;
}

interface HeartbeatNeeds {
  readonly streams: Iterable<TimedStream>;
  /** Where the streams wait for their turn. */
  readonly turns: Pick<TurnQueue, "each">;
  readonly ring: { readonly head: Cursor };
  readonly clock: Clock;
  /** Milliseconds between heartbeats on an idle stream. */
  readonly heartbeat: number;
  readonly closing: AbortSignal;
}

/** Lets every stream look at its heartbeat and its deadlines, once a second or more often, until the hub closes. */
export async function keepTime({ streams, turns, ring, clock, heartbeat, closing }: HeartbeatNeeds): Promise<void> {
  while (await sleep(clock, Math.min(1_000, heartbeat / 4), closing)) {
    let head = ring.head;
    let shared = heartbeatAt(head);
    await turns.each([...streams], (stream) => {
      // The ring may have moved since the last turn.
      if (ring.head !== head) {
        head = ring.head;
        shared = heartbeatAt(head);
      }
      stream.tick(shared);
    });
  }
}

function heartbeatAt(position: Cursor): Chunk {
  return controlFrame("heartbeat", {}, formatCursor(position));
}
