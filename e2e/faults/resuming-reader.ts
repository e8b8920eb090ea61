import { once } from "node:events";
import { get, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createParser, type ServerSentEvent } from "@tidings/protocol";
import { Changes } from "../changes.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";

/** One connection of a reader. Times are those of `performance.now()`; null means that it has not happened. */
export interface Connection {
  readonly requestedAt: number;
  /** Of the server, where the response names it. */
  processId: string | null;
  /** When the hello came. */
  liveAt: number | null;
  firstEventAt: number | null;
  byeAt: number | null;
}

export interface ResumingReaderOptions {
  /** @default the lobby of hub-program.ts */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The id after which it starts. @default null, which is now */
  readonly lastId?: string | null;
  /** Milliseconds to wait after a connection that ended without a bye. @default 50 */
  readonly backoff?: number;
}

/**
 * Reads one channel as PROTOCOL.md says, and resumes by `Last-Event-ID`. Unlike our client, it does not drop events
 * that arrive twice, so that a test sees them.
 */
export class ResumingReader {
  /** The `text` of every message, as it arrived. */
  readonly texts: string[] = [];
  /** Everything that should not come, above all gaps. */
  readonly surprises: string[] = [];
  readonly connections: Connection[] = [];
  /** The id of the last event. */
  lastId: string | null;
  readonly #port: number;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #backoff: number;
  readonly #end = new AbortController();
  readonly #changes = new Changes();
  #retry = 0;
  #request: ClientRequest | null = null;

  constructor(port: number, options: ResumingReaderOptions = {}) {
    const { path = LOBBY_STREAM, headers = {}, lastId = null, backoff = 50 } = options;
    this.#port = port;
    this.#path = path;
    this.#headers = headers;
    this.lastId = lastId;
    this.#backoff = backoff;
    void this.#follow();
  }

  /** The current connection, or the one that it waits for. */
  get connection(): Connection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error("Expected a reader that has sent a request, got a new one.");
    return connection;
  }

  /** Resolves when so many messages have arrived. */
  async has(count: number): Promise<void> {
    await this.until(() => this.texts.length >= count);
  }

  /** Resolves when a condition is true. It is checked after each chunk that arrives. */
  until(isTrue: () => boolean): Promise<void> {
    return this.#changes.until(isTrue);
  }

  close(): void {
    this.#end.abort();
    this.#request?.destroy();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const connection: Connection = {
        requestedAt: performance.now(),
        processId: null,
        liveAt: null,
        firstEventAt: null,
        byeAt: null,
      };
      this.connections.push(connection);
      try {
        await this.#read(connection);
      } catch {
        // Connections break: that is what these tests are about.
      }
      const pause = connection.byeAt === null ? this.#backoff : this.#retry;
      await delay(pause, undefined, { signal }).catch(() => {});
    }
  }

  async #read(connection: Connection): Promise<void> {
    const headers = { ...this.#headers, ...(this.lastId === null ? {} : { "last-event-id": this.lastId }) };
    this.#request = get({ host: "127.0.0.1", port: this.#port, path: this.#path, headers, agent: false });
    // The one argument of "response".
    const [response] = (await once(this.#request, "response")) as [IncomingMessage];
    // hub-program.ts sends this header once.
    connection.processId = (response.headers["x-process"] as string | undefined) ?? null;
    if (response.statusCode !== 200) this.surprises.push(`status ${response.statusCode}`);
    const parser = createParser({
      onRetry: (milliseconds) => (this.#retry = milliseconds),
      onEvent: (event) => this.#take(event, connection),
    });
    for await (const chunk of response) {
      // A response without an encoding yields Buffers.
      parser.push(chunk as Buffer);
      this.#changes.announce();
    }
  }

  #take({ event, data, id }: ServerSentEvent, connection: Connection): void {
    this.lastId = id ?? this.lastId;
    if (event.endsWith(":message")) {
      connection.firstEventAt ??= performance.now();
      // The contract of the room: every message has a text.
      this.texts.push((JSON.parse(data) as { text: string }).text);
      return;
    }
    switch (event) {
      case "hello":
        connection.liveAt = performance.now();
        break;
      case "bye":
        connection.byeAt = performance.now();
        break;
      case "heartbeat":
        break;
      default:
        this.surprises.push(`${event} ${data}`);
    }
  }
}
