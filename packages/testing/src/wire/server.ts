/** What the suite makes a server do. A server may lack some of it; `lacks` then says why. */
export interface Controls {
  /** Publishes an event; resolves with its id. */
  publish(path: string, type: string, data: unknown): Promise<string>;
  /** Withdraws the `latest` value of a key; `""` is the key of events without one. */
  clear(path: string, type: string, key: string): Promise<unknown>;
  /** Ends a path: publishes its last event; resolves with its id. */
  end(path: string, data: unknown): Promise<string>;
  /** Ends the streams, as a server does before it stops. */
  drain(): Promise<unknown>;
  /** Takes from a viewer the right to read a path. The viewer's streams learn of it at once. */
  revoke(viewer: string, path: string): Promise<unknown>;
  /** Makes the credentials of a viewer expire now. The credentials that the viewer sends next are valid. */
  expire(viewer: string): Promise<unknown>;
  /** Moves the clocks of the server forward: those of streams, tickets and the log. */
  pass(milliseconds: number): Promise<unknown>;
  /**
   * Fails over to a copy of the log without the newest entries.
   * @param lost how many entries the copy lacks
   */
  failOver(lost: number): Promise<unknown>;
  /** Makes the log stop answering. */
  breakLog(): Promise<unknown>;
  /** Issues a ticket for a viewer. */
  ticket(viewer: string): Promise<string>;
}

/** What the suite expects a server to have. The README of the package describes each by this name. */
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

/** What a law may need from a server, besides answers to requests. */
export type Need = keyof Controls | Furniture;

/** A server that claims to follow PROTOCOL.md. */
export interface WireServer extends Partial<Controls> {
  /** The resource, without a query: `http://127.0.0.1:3000/events`. */
  readonly url: string;
  /** The headers of every request, for a server that requires credentials. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops the server and frees its resources, whether it was drained or not. */
  close(): Promise<unknown>;
}

/** Opens a new server with an empty log on every call. */
export type OpenServer = () => Promise<WireServer>;

/** The properties of the HTTP connection. The suite depends on these facts, not on the name of the server. */
export interface WireFacts {
  /** The major version of HTTP. HTTP/2 has neither chunks nor connections that end with an answer. */
  readonly http: 1 | 2;
  /** Whether the server can close the connection after an answer. A function of `Request`s cannot. @default true */
  readonly closes?: boolean;
}
