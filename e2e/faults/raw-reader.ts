import { once } from "node:events";
import { get, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createParser, type ServerSentEvent } from "@tidings/protocol";
import { LOBBY } from "./served-chat.ts";

/** One connection of a reader. Times are those of `performance.now()`; null is for what did not come to pass. */
export interface Visit {
  readonly asked: number;
  /** Which process answered, where it says so. */
  server: string | null;
  /** When the hello came. */
  live: number | null;
  /** When the first event came. */
  first: number | null;
  /** When the bye came. */
  bye: number | null;
}

export interface RawReaderOptions {
  /** @default the lobby of served-hub.ts */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where another reader stood. */
  readonly lastId?: string | null;
  /** Milliseconds to wait after a connection that ended without a bye. @default 50 */
  readonly backoff?: number;
}

/**
 * Reads one channel as PROTOCOL.md says, and resumes by `Last-Event-ID`. It drops nothing: what arrives twice is seen twice.
 */
export class RawReader {
  /** The `text` of every message, as it arrived. */
  readonly texts: string[] = [];
  /** Names of whatever came that should not: gaps above all. */
  readonly surprises: string[] = [];
  readonly visits: Visit[] = [];
  readonly #port: number;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #backoff: number;
  readonly #end = new AbortController();
  /** Where it stands. */
  lastId: string | null;
  #retry = 0;
  #request: ClientRequest | null = null;
  #moved: () => void = () => {};

  constructor(port: number, { path = LOBBY, headers = {}, lastId = null, backoff = 50 }: RawReaderOptions = {}) {
    this.#port = port;
    this.#path = path;
    this.#headers = headers;
    this.lastId = lastId;
    this.#backoff = backoff;
    void this.#follow();
  }

  /** The connection that it has, or is about to get. */
  get visit(): Visit {
    const visit = this.visits.at(-1);
    if (visit === undefined) throw new Error("Expected a reader that has asked, got one that has just begun.");
    return visit;
  }

  /** Resolves when so many messages have arrived. */
  async has(count: number): Promise<void> {
    await this.until(() => this.texts.length >= count);
  }

  /** Resolves when something is so; asked whenever something has come. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#moved = resolve));
  }

  close(): void {
    this.#end.abort();
    this.#request?.destroy();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      const visit: Visit = { asked: performance.now(), server: null, live: null, first: null, bye: null };
      this.visits.push(visit);
      try {
        await this.#read(visit);
      } catch {
        // A connection that breaks is what these tests are about.
      }
      await delay(visit.bye === null ? this.#backoff : this.#retry, undefined, { signal }).catch(() => {});
    }
  }

  async #read(visit: Visit): Promise<void> {
    const headers = { ...this.#headers, ...(this.lastId === null ? {} : { "last-event-id": this.lastId }) };
    this.#request = get({ host: "127.0.0.1", port: this.#port, path: this.#path, headers, agent: false });
    const [response] = (await once(this.#request, "response")) as [IncomingMessage];
    visit.server = (response.headers["x-process"] as string | undefined) ?? null;
    if (response.statusCode !== 200) this.surprises.push(`status ${response.statusCode}`);
    const parser = createParser({
      onRetry: (milliseconds) => (this.#retry = milliseconds),
      onEvent: (event) => this.#take(event, visit),
    });
    // A response without an encoding yields Buffers.
    for await (const chunk of response) {
      parser.push(chunk as Buffer);
      this.#moved();
    }
  }

  #take({ event, data, id }: ServerSentEvent, visit: Visit): void {
    this.lastId = id ?? this.lastId;
    if (event.endsWith(":message")) {
      visit.first ??= performance.now();
      this.texts.push((JSON.parse(data) as { text: string }).text);
    } else if (event === "hello") visit.live = performance.now();
    else if (event === "bye") visit.bye = performance.now();
    else if (event !== "heartbeat") this.surprises.push(`${event} ${data}`);
  }
}
