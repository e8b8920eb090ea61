/** Where a connection writes: a node response, a web stream, a buffer in a test. */
export interface Sink {
  /** Takes the bytes in any case; false asks the connection to wait for {@link StreamControl.drained}. */
  write(bytes: Uint8Array): boolean;
  /** No more will come. */
  end(): void;
}

/** What whoever owns the sink tells the connection. */
export interface StreamControl {
  /** The sink accepts bytes again. */
  drained(): void;
  /** The reader is gone. */
  closed(): void;
}

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
