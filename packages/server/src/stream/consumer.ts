import type { Entry, Hole } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { CommandedStream } from "../rights/commands.ts";
import type { Batch } from "../wire/batch.ts";

/** Who takes what a pump brings: a connection, or a loop of the application. */
export interface Consumer {
  /** The stream that it is; null for a loop of the application. */
  readonly stream: CommandedStream | null;
  /** Whether it asks to wait. What it gets all the same waits in the memory of the process. */
  readonly isFull: boolean;
  takeEntries(batch: Batch): void;
  /** Current values. They do not move the position. */
  takeValues(values: readonly Entry[]): void;
  /** @param head where to go on when the position is void; the consumer then ends the pump. Otherwise null */
  takeGap(holes: readonly Hole[], head: Cursor | null): void;
  /** The position has been confirmed, or moved on from values, and no entry has told the reader. */
  takePosition(position: Cursor): void;
  /** A lower bound is void: the consumer ends the pump, and begins again. */
  beginAgain(): void;
  /** A read of the log has failed. The pump tries it again. */
  noteFailure(error: unknown): void;
}
