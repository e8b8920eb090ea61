import {
  formatControl,
  formatFrame,
  formatRetry,
  type ByeReason,
  type GapReason,
  type PageBody,
} from "@tidings/protocol";
import type { Fetch } from "../src/options.ts";

/** The code of a problem by its status. */
const CODES: Readonly<Record<number, string>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "unknown-channel",
  429: "limit",
  503: "unavailable",
};

/** A server that does what a test says: it hands over every request, and waits for an answer. */
export class FakeServer {
  readonly requests: FakeRequest[] = [];
  /** Answers at once instead of waiting for the test. */
  onRequest: ((request: FakeRequest) => void) | null = null;

  readonly fetch: Fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const request = new FakeRequest(url, init, resolve, reject);
      this.requests.push(request);
      this.onRequest?.(request);
    });

  get streams(): FakeRequest[] {
    return this.requests.filter(({ isStream }) => isStream);
  }

  get pages(): FakeRequest[] {
    return this.requests.filter(({ isStream }) => !isStream);
  }

  /** The newest stream request. */
  get stream(): FakeRequest {
    return newest(this.streams);
  }

  /** The newest page request. */
  get page(): FakeRequest {
    return newest(this.pages);
  }
}

function newest(requests: readonly FakeRequest[]): FakeRequest {
  const request = requests.at(-1);
  if (request === undefined) throw new Error("Expected a request, got none.");
  return request;
}

export class FakeRequest {
  readonly url: URL;
  readonly init: RequestInit;
  readonly headers: Headers;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;
  /** Whether it still waits for an answer. */
  isOpen = true;

  constructor(url: string, init: RequestInit, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.url = new URL(url, "http://fake.test");
    this.init = init;
    this.headers = new Headers(init.headers);
    this.#resolve = (response) => {
      this.isOpen = false;
      resolve(response);
    };
    this.#reject = (error) => {
      this.isOpen = false;
      reject(error);
    };
    init.signal?.addEventListener("abort", () => this.#reject(new DOMException("Aborted", "AbortError")));
  }

  get isStream(): boolean {
    return this.headers.get("accept") === "text/event-stream";
  }

  get aborted(): boolean {
    return this.init.signal?.aborted === true;
  }

  /** Of a POST. */
  get body(): unknown {
    // The client sends nothing else.
    return JSON.parse(this.init.body as string) as unknown;
  }

  /** Of the query, or of the body of a POST; with what stands after `@`. */
  get channels(): string[] {
    if (this.init.method !== "POST") return this.url.searchParams.getAll("channel");
    const { channels } = this.body as { channels: Record<string, string | null> };
    return Object.entries(channels).map(([path, start]) => (start === null ? path : `${path}@${start}`));
  }

  get after(): string | null {
    return this.url.searchParams.get("after");
  }

  /** The connection fails. */
  fail(): void {
    this.#reject(new TypeError("fetch failed"));
  }

  /** An answer of the hub: a page, or a problem document where the status is an error. */
  answer(status: number, members: object = {}, headers: Record<string, string> = {}): void {
    const isProblem = status >= 400;
    const body = isProblem ? { code: CODES[status] ?? "bad-request", ...members } : members;
    this.#answer(status, body, { "content-type": `application/${isProblem ? "problem+json" : "json"}`, ...headers });
  }

  /** An answer of something else: a proxy, or a server without a hub. */
  intrude(status: number, headers: Record<string, string> = {}): void {
    this.#answer(status, { message: "Somebody else." }, { "content-type": "application/json", ...headers });
  }

  #answer(status: number, body: unknown, headers: Record<string, string>): void {
    const given = new Headers(headers);
    // What the client uses of a response, without its macrotasks.
    const response = {
      status,
      headers: given,
      body: { cancel: async () => {} },
      json: async () => copyOf(body),
    };
    this.#resolve(response as unknown as Response);
  }

  /** The head of a page, or of a problem document where the status is an error, and the end of the connection. */
  breakOff(error: Error = new TypeError("terminated"), status = 200): void {
    const headers = new Headers({ "content-type": `application/${status >= 400 ? "problem+json" : "json"}` });
    const json = async (): Promise<never> => {
      throw error;
    };
    this.#resolve({ status, headers, json, body: null } as unknown as Response);
  }

  /** An answer that never ends. */
  flood(status = 200, type = "application/json"): void {
    const value = new Uint8Array(1 << 20).fill(32);
    const cancel = async () => {};
    const body = { cancel, getReader: () => ({ cancel, read: async () => ({ done: false, value }) }) };
    this.#resolve({ status, headers: new Headers({ "content-type": type }), body } as unknown as Response);
  }

  page(body: Partial<PageBody> & { readonly cursor: string }): void {
    this.answer(200, { events: [], more: false, ...body });
  }

  /** The head of a stream. */
  open(headers: Record<string, string> = {}): FakeStream {
    const stream = new FakeStream();
    this.init.signal?.addEventListener("abort", () => stream.break());
    const given = new Headers({ "content-type": "text/event-stream", ...headers });
    const body = { getReader: () => stream, cancel: async () => {} };
    this.#resolve({ status: 200, headers: given, body } as unknown as Response);
    return stream;
  }

  /** The head of a stream and its hello. */
  live(
    id: string | null,
    { retry = 2_000, heartbeat = 15_000, contract }: { retry?: number; heartbeat?: number; contract?: string } = {},
  ): FakeStream {
    const stream = this.open();
    const hello = contract === undefined ? { protocol: 1, heartbeat } : { protocol: 1, heartbeat, contract };
    stream.push(
      `${formatRetry(retry)}event: hello\ndata: ${JSON.stringify(hello)}\n${id === null ? "" : `id: ${id}\n`}\n`,
    );
    return stream;
  }
}

/** A copy, unless it is nested too deeply for that. */
function copyOf(body: unknown): unknown {
  try {
    return structuredClone(body);
  } catch {
    return body;
  }
}

type Chunk = { readonly done: boolean; readonly value?: Uint8Array };

const encoder = new TextEncoder();

/** The body of a stream, and the reader of it. */
export class FakeStream {
  #chunks: Uint8Array[] = [];
  #ended: "end" | "break" | null = null;
  #waiting: { resolve(chunk: Chunk): void; reject(error: unknown): void } | null = null;

  /** Bytes, as they are. */
  push(bytes: string | Uint8Array): void {
    this.#chunks.push(typeof bytes === "string" ? encoder.encode(bytes) : bytes);
    this.#serve();
  }

  /** @param name `rooms/lobby:message` */
  event(name: string, data: unknown, id: string | null = null): void {
    this.push(formatFrame(name, JSON.stringify(data), id));
  }

  heartbeat(id: string): void {
    this.push(formatControl("heartbeat", {}, id));
  }

  gap(channels: Record<string, GapReason>, id: string | null = null): void {
    this.push(formatControl("gap", { channels }, id));
  }

  bye(reason: ByeReason, channels?: string[]): void {
    this.push(formatControl("bye", channels === undefined ? { reason } : { reason, channels }));
  }

  end(): void {
    this.#ended ??= "end";
    this.#serve();
  }

  break(): void {
    this.#ended ??= "break";
    this.#serve();
  }

  read(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#serve();
    });
  }

  async cancel(): Promise<void> {
    this.end();
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const value = this.#chunks.shift();
    if (value === undefined && this.#ended === null) return;
    this.#waiting = null;
    if (value !== undefined) waiting.resolve({ done: false, value });
    else if (this.#ended === "end") waiting.resolve({ done: true });
    else waiting.reject(new TypeError("terminated"));
  }
}
