import type { EventRequest } from "@tidings/protocol";
import type { StreamBlock } from "./blocks.ts";
import type { Failure } from "../state/ending.ts";

/** Who hears a stream. Nobody hears anything before `OpenStream` has returned, or after the stream was ended. */
export interface StreamListener {
  /** The server's `retry`, in milliseconds. */
  onRetry(milliseconds: number): void;
  /** The server was heard, after its hello. */
  onLife(): void;
  /** @param hello to be called when the server says hello, with its heartbeat in milliseconds, as the server sent it */
  onEvent(event: StreamBlock, hello: (heartbeat: number) => void): void;
  /** The stream has ended, or has not begun. Called once. */
  onEnd(failure: Failure): void;
}

/** Asks for a stream: PROTOCOL.md, section 5. Returns what ends it; the listener does not hear of that. */
export type OpenStream = (request: EventRequest, listener: StreamListener) => () => void;
