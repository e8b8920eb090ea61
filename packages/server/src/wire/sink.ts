/** Where a connection writes: a node response, a web stream, a buffer in a test. */
export interface Sink {
  /**
   * Takes the bytes in any case; false asks the connection to wait for {@link StreamControl.drained}.
   *
   * @param framed the same bytes in the framing of a chunk of HTTP/1.1, for a sink that writes to a socket. Streams of
   *   the same events share them, so nobody may change them
   */
  write(bytes: Uint8Array, framed: Uint8Array): boolean;
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
