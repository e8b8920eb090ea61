import type { Ending } from "../state/ending.ts";
import type { Ended } from "../status.ts";
import type { StreamBlock } from "./blocks.ts";
import type { Draft } from "./draft.ts";

/**
 * To be called when the server says hello, with its heartbeat in milliseconds, as the server sent it. Returns whether
 * that is new: a stream says hello once.
 */
export type SayHello = (heartbeat: number) => boolean;

/** What the connection is for. */
export interface ConnectionUser {
  /** What to ask for now. Null when there is nothing to follow. */
  draft(): Draft | null;
  /** Whether somebody follows a path that the stream does not have. */
  hasNewcomers(): boolean;
  /** Whether the next stream would tell a gap again that this one has told. Only heartbeats show where the gap ends. */
  isInHole(): boolean;
  /** The next stream, with what is new, will not come. */
  onDropped(): void;
  onEvent(event: StreamBlock, hello: SayHello): void;
  /** Tells those whose paths are refused, or are too many. Returns whether there are any. */
  onRefused(ending: Ending): boolean;
  /** The connection has closed, for good. */
  onClosed(ended: Ended): void;
}
