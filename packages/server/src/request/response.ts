import type { Sink, StreamControl } from "../wire/sink.ts";
import type { UnreadAnswer } from "../unread/answer-room.ts";

/** What an adapter sends back: a whole answer, or a stream to open once the head is written. */
export type HubResponse = WholeResponse | StreamResponse;

interface Reported {
  /**
   * Reports that the answer could not be written: a middleware has broken the response. A stream reports by itself what
   * its sink throws.
   */
  readonly noteFailure?: ((error: unknown) => void) | undefined;
}

/** An answer whose body is known: a page, a problem, or the answer to a preflight. */
export interface WholeResponse extends Reported {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD. */
  readonly body: string;
  /** What the adapter tells how the reader takes the body; absent if the body is empty. */
  readonly unread?: UnreadAnswer;
}

/** A stream. The adapter writes the head, then opens the stream on its sink. */
export interface StreamResponse extends Reported {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  /** Begins to write. The adapter tells the returned object when the sink drains, and when the reader is gone. */
  open(sink: Sink): StreamControl;
}
