import type { Sink, StreamControl } from "../wire/sink.ts";
import type { UnreadAnswer } from "../unread/answer-room.ts";

/** What an adapter sends back: a whole answer, or a stream to open once the head is written. */
export type HubResponse = WholeResponse | StreamResponse;

/** An answer whose body is known: a page, a problem, or the answer to a preflight. */
export interface WholeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD. */
  readonly body: string;
  /** What the adapter tells how the reader takes the body; absent if the body is empty. */
  readonly unread?: UnreadAnswer;
}

/** A stream. The adapter writes the head, then opens the stream on its sink. */
export interface StreamResponse {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  /** Begins to write. The adapter tells the returned object when the sink drains, and when the reader is gone. */
  open(sink: Sink): StreamControl;
}
