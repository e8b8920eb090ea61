import type { Sink, StreamControl } from "../stream/sink.ts";

/** What an adapter sends back: a whole answer, or a stream to open once the head is written. */
export type HubResponse = WholeResponse | StreamResponse;

export interface WholeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD. */
  readonly body: string;
}

export interface StreamResponse {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  open(sink: Sink): StreamControl;
}
