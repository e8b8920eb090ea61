/** Where a connection writes: a node response, a web stream, a buffer in a test. */
export interface Sink {
  /** Takes the bytes in any case; false asks the connection to wait for {@link StreamControl.drained}. */
  write(bytes: Uint8Array): boolean;
  /** No more will come. */
  end(): void;
}

/** What the owner of the sink tells the connection. */
export interface StreamControl {
  /** The sink accepts bytes again. */
  drained(): void;
  /** The reader is gone. */
  closed(): void;
}
