/** What the suite makes a server do. Any of it may be missing; the laws that need it are then not tried. */
export interface Controls {
  /** Publishes an event; resolves with its id. */
  publish(path: string, type: string, data: unknown): Promise<string>;
  /** Withdraws the `latest` value of a key; `""` is the one of events without a key. */
  clear(path: string, type: string, key: string): Promise<unknown>;
  /** Ends the streams as a server does that is about to stop. */
  drain(): Promise<unknown>;
  /** Takes from a viewer the right to read a path; the streams of that viewer are told at once. */
  revoke(viewer: string, path: string): Promise<unknown>;
  /** Lets the credentials of a viewer end now. Those that the viewer sends next are fresh ones. */
  expire(viewer: string): Promise<unknown>;
  /** Sets the clocks of the server ahead: those of streams, of tickets and of the log. */
  pass(milliseconds: number): Promise<unknown>;
  /** Fails over to a copy of the log that does not have the newest entries. @param lost how many */
  failOver(lost: number): Promise<unknown>;
  /** From now on the log does not answer. */
  breakLog(): Promise<unknown>;
  /** A ticket for a viewer. */
  ticket(viewer: string): Promise<string>;
}

/** What the suite expects to find in a server: "The house" in the package's README says it of each. */
export type Furniture =
  | "page"
  | "anything"
  | "values"
  | "typing"
  | "inbox"
  | "snapshot"
  | "viewers"
  | "secret"
  | "retention"
  | "limits"
  | "heartbeat"
  | "origins"
  | "lingering";

/** What a law may need of a server, beside answers. */
export type Need = keyof Controls | Furniture;

/** A server that claims PROTOCOL.md, furnished as the suite expects it. */
export interface WireServer extends Partial<Controls> {
  /** The resource, without a query: `http://127.0.0.1:3000/events`. */
  readonly url: string;
  /** What every request carries, for a server that lets nobody in without. @default nothing */
  readonly headers?: Readonly<Record<string, string>>;
  /** Frees everything, whether it was drained or not. */
  close(): Promise<unknown>;
}

/** Opens a server with an empty log on every call. */
export type OpenServer = () => Promise<WireServer>;

/** What is true of the way to a server and not of every way. The suite reads them instead of asking which server it is. */
export interface WireFacts {
  /** The major version of HTTP that the server is asked in: HTTP/2 has neither chunks nor connections to close. */
  readonly http: 1 | 2;
  /** Whether whoever answers can say that the connection ends with the answer; a function of `Request`s cannot. @default true */
  readonly closes?: boolean;
}
