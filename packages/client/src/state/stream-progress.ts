import { covers } from "@tidings/protocol";
import type { Position, StreamPosition } from "./position.ts";

/** How many epochs are remembered. A log changes its epoch once in a while, and a server that lies all the time. */
const MOST_EPOCHS = 16;

/** How far the stream has come, and which epochs it has left. */
export interface StreamProgress extends StreamPosition {
  /** The last positions of the epochs that it has left. It never comes back to them. */
  readonly leftEpochs: readonly Position[];
}

/** A stream that begins after a position. Null: now. */
export function beginAfter(after: Position | null): StreamProgress {
  return { handled: after, carried: after, leftEpochs: [] };
}

/** Everything up to `at` has been handled. */
export function moveTo({ leftEpochs }: StreamProgress, at: Position): StreamProgress {
  return { handled: at, carried: at, leftEpochs };
}

/** The event at `at` is being delivered. */
export function carry({ handled, leftEpochs }: StreamProgress, at: Position): StreamProgress {
  return { handled, carried: at, leftEpochs };
}

/** Whether a position lies in an epoch that the stream has left, before its end. */
export function isLeft({ leftEpochs }: StreamProgress, at: Position): boolean {
  return leftEpochs.some((last) => covers(last, at));
}

/** The last position of the epoch that the stream leaves with `at`. Null while it stays. */
export function leaves({ handled }: StreamProgress, at: Position): Position | null {
  return handled && handled.epoch !== at.epoch ? handled : null;
}

/** The stream has left an epoch after its last position. */
export function leave(progress: StreamProgress, last: Position): StreamProgress {
  return { ...progress, leftEpochs: [...progress.leftEpochs.slice(1 - MOST_EPOCHS), last] };
}
