import type { HubRequest, HubResponse, Sink, StreamControl } from "@tidings/server";
import type { Fetch } from "@tidings/client";

type Init = Parameters<Fetch>[1];
type Serve = (request: HubRequest) => Promise<HubResponse>;
type Result = { readonly done: false; readonly value: Uint8Array } | { readonly done: true; readonly value: undefined };

interface Read {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/**
 * One request and its answer, with both ends of the connection: a sink for the hub, and for the client the part of a `Response` that
 * it reads. Bytes go through as they are written, unless somebody stands in the way.
 */
export class Exchange implements Sink {
  readonly url: string;
  /** Settles when the head of the answer has arrived. */
  readonly response: Promise<Response>;
  readonly isStream: boolean;
  /** The bytes that may wait for the client before the hub is told to stop writing. */
  highWater = 16 * 1024;
  /** How often the hub was told that there is no room. */
  stops = 0;
  /** Bytes that the hub wrote although it was told that there is no room. */
  overrun = 0;
  /** Called when both ends know that it is over. */
  onClosed = () => {};
  /** Called when bytes have reached the client, with what {@link stamp} was when they were written, and with the same again when the end has. */
  onArrival: (stamp: number) => void = () => {};
  /** Given to whatever is written from now on. */
  stamp: () => number = () => 0;
  readonly #init: Init;
  readonly #headers: Headers;
  readonly #serve: Serve;
  #control: StreamControl | null = null;
  #answer: HubResponse | null = null;
  /** Written and not read yet. */
  #chunks: { readonly bytes: Uint8Array; readonly stamp: number }[] = [];
  #waiting = 0;
  /** The stamp of what was read last. */
  #arrived = 0;
  #isFull = false;
  #isServed = false;
  #isAnswered = false;
  #isSwallowed = false;
  #isTwice = false;
  #serverClosed = false;
  #clientClosed = false;
  /** What comes after the last byte. */
  #end: "open" | "end" | Error = "open";
  /** How many more bytes may pass. */
  #allowance = Infinity;
  #gone: AbortController | null = null;
  #head!: { resolve(response: Response): void; reject(error: unknown): void };
  #read: Read | null = null;

  constructor(url: string, init: Init, serve: Serve) {
    this.url = url;
    this.#init = init;
    this.#serve = serve;
    this.#headers = new Headers(init.headers);
    this.isStream = this.#headers.get("accept") === "text/event-stream";
    this.response = new Promise((resolve, reject) => (this.#head = { resolve, reject }));
    init.signal?.addEventListener("abort", () => this.#leave(), { once: true });
  }

  /** Whether the client has not left. */
  get isOpen(): boolean {
    return !this.#clientClosed;
  }

  /** Of the answer; null as long as there is none. */
  get status(): number | null {
    return this.#answer?.status ?? null;
  }

  /** Whether the client waits for bytes that will never come. */
  get isDead(): boolean {
    return this.#isSwallowed && !this.#clientClosed;
  }

  /** Sends the request. */
  begin(): void {
    this.#flow();
  }

  /** Nothing passes any more, in either direction, and both ends wait. */
  hold(): void {
    this.#allowance = 0;
  }

  /** Lets bytes pass. @param bytes how many; a frame may end in the middle */
  release(bytes = Infinity): void {
    this.#allowance = bytes;
    this.#flow();
  }

  /** The connection breaks, for both ends. @param bytes how many of those under way still arrive */
  cut(bytes = 0): void {
    this.#end = new TypeError("terminated");
    this.#chunks = this.#chunks.length === 0 ? [] : [truncate(this.#chunks, bytes)];
    this.#closeServer();
    this.release();
  }

  /** The connection is dead, and neither end is told: what the hub writes vanishes, and the client hears nothing, not even that. */
  swallow(): void {
    this.#isSwallowed = true;
    this.#chunks = [];
    this.#waiting = 0;
  }

  /** What the hub writes next arrives twice. */
  repeat(): void {
    this.#isTwice = this.isStream;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isSwallowed || this.#clientClosed) return true;
    if (this.#isFull) this.overrun += bytes.length;
    for (let times = this.#isTwice ? 2 : 1; times > 0; times--) {
      this.#chunks.push({ bytes, stamp: this.stamp() });
      this.#waiting += bytes.length;
    }
    this.#isTwice = false;
    this.#flow();
    if (!this.#isFull && this.#waiting >= this.highWater) this.stops++;
    this.#isFull = this.#waiting >= this.highWater;
    return !this.#isFull;
  }

  end(): void {
    this.#serverClosed = true;
    if (this.#isSwallowed) return this.#checkClosed();
    if (this.#end === "open") this.#end = "end";
    this.#flow();
  }

  #flow(): void {
    if (this.#allowance === 0 || this.#clientClosed) return;
    if (!this.#isServed && !this.#isSwallowed) void this.#handle();
    if (this.#isSwallowed) return;
    if (this.#answer !== null && !this.#isAnswered) {
      this.#isAnswered = true;
      this.#head.resolve(this.#response(this.#answer));
    }
    if (this.#read !== null) this.#pass(this.#read);
    else if (!this.#isAnswered && typeof this.#end === "object") this.#fail(this.#end);
  }

  #pass(read: Read): void {
    const [chunk] = this.#chunks;
    if (chunk !== undefined) {
      const size = Math.min(chunk.bytes.length, this.#allowance);
      this.#allowance -= size;
      if (size === chunk.bytes.length) this.#chunks.shift();
      else this.#chunks[0] = { ...chunk, bytes: chunk.bytes.subarray(size) };
      this.#waiting -= size;
      this.#read = null;
      this.#arrived = chunk.stamp;
      this.onArrival(chunk.stamp);
      read.resolve({ done: false, value: chunk.bytes.subarray(0, size) });
      if (!this.#isFull || this.#waiting >= this.highWater) return;
      this.#isFull = false;
      queueMicrotask(() => this.#serverClosed || this.#control?.drained());
    } else if (this.#end === "end") {
      this.onArrival(this.#arrived);
      read.resolve({ done: true, value: undefined });
      this.#closeClient();
    } else if (typeof this.#end === "object") this.#fail(this.#end);
  }

  /** The request has reached the hub. */
  async #handle(): Promise<void> {
    this.#isServed = true;
    const answer = await this.#serve(this.#request()).catch(() => null);
    if (this.#serverClosed) return;
    if (answer === null) return this.cut();
    this.#answer = answer;
    if ("open" in answer) {
      const control = answer.open(this);
      // The hub may have ended it at once.
      this.#control = control;
      if (this.#serverClosed) control.closed();
    } else {
      if (!this.#isSwallowed) this.#chunks.push({ bytes: ENCODER.encode(answer.body), stamp: this.stamp() });
      this.end();
    }
    this.#flow();
  }

  #request(): HubRequest {
    return new Arrived(this.#init, this.url, this.#headers, () => (this.#gone ??= new AbortController()).signal);
  }

  /** As much of a `Response` as the client uses: a real one, with its web streams, costs more than all the rest of a request. */
  #response({ status, headers }: HubResponse): Response {
    const reader = {
      read: () =>
        new Promise<Result>((resolve, reject) => {
          this.#read = { resolve, reject };
          if (this.#clientClosed) resolve({ done: true, value: undefined });
          else this.#flow();
        }),
      cancel: async () => this.#leave(),
    };
    const text = async (): Promise<string> => {
      const parts: Uint8Array[] = [];
      for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
      return DECODER.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts));
    };
    return {
      status,
      ok: status >= 200 && status < 300,
      headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
      body: { getReader: () => reader, cancel: reader.cancel },
      text,
      json: async () => JSON.parse(await text()) as unknown,
    } as unknown as Response;
  }

  /** The client does not want it any more. On a connection that is dead the hub does not hear of it. */
  #leave(): void {
    if (!this.#isSwallowed) this.#closeServer();
    if (!this.#clientClosed) this.#fail(this.#init.signal?.reason ?? new Error("The client has cancelled the answer."));
  }

  #fail(error: unknown): void {
    this.#head.reject(error);
    this.#read?.reject(error);
    this.#closeClient();
  }

  #closeClient(): void {
    this.#clientClosed = true;
    // A request that has not arrived yet never will.
    this.#serverClosed ||= !this.#isServed;
    this.#read = null;
    this.#chunks = [];
    this.#checkClosed();
  }

  #closeServer(): void {
    if (this.#serverClosed) return;
    this.#serverClosed = true;
    this.#gone?.abort();
    this.#control?.closed();
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#serverClosed && this.#clientClosed) this.onClosed();
  }
}

/** A request, as the hub sees it. */
class Arrived implements HubRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly #body: Init["body"];
  readonly #gone: () => AbortSignal;

  constructor({ method = "GET", body }: Init, url: string, headers: Headers, gone: () => AbortSignal) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.#body = body;
    this.#gone = gone;
  }

  /** Made when somebody asks: few do. */
  get signal(): AbortSignal {
    return this.#gone();
  }

  async json(): Promise<unknown> {
    // The client sends text.
    return JSON.parse(this.#body as string) as unknown;
  }
}

/** The first bytes of what waits. */
function truncate<Chunk extends { readonly bytes: Uint8Array }>(chunks: readonly Chunk[], bytes: number): Chunk {
  const whole = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  // There is one: the caller has looked.
  return { ...(chunks[0] as Chunk), bytes: new Uint8Array(whole.subarray(0, bytes)) };
}
