/** A server that claims PROTOCOL.md, furnished as the suite expects it: "The house" in the package's README. */
export interface WireServer {
  /** The resource, without a query: `http://127.0.0.1:3000/events`. */
  readonly url: string;
  /** Publishes an event; resolves with its id. */
  publish(path: string, type: string, data: unknown): Promise<string>;
  /** Withdraws the `latest` value of a key; `""` is the one of events without a key. */
  clear(path: string, type: string, key: string): Promise<unknown>;
  /** Ends the streams as a server does that is about to stop. */
  drain(): Promise<unknown>;
  /** Frees everything, whether it was drained or not. */
  close(): Promise<unknown>;
}

/** Opens a server with an empty log on every call. */
export type OpenServer = () => Promise<WireServer>;

/** What is true of the way to a server and not of every way. The suite reads them instead of asking which server it is. */
export interface WireFacts {
  /** The major version of HTTP that the server is asked in: HTTP/2 has neither chunks nor connections to close. */
  readonly http: 1 | 2;
}
