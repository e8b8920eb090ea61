import type { HubRequest, HubResponse, Sink, StreamControl } from "@tidings/server";
import type { Fetch } from "@tidings/client";
import { ArrivedRequest } from "./arrived-request.ts";
import { partialResponse, type BytesReader, type ReadResult } from "./partial-response.ts";

type Init = Parameters<Fetch>[1];
type Serve = (request: HubRequest) => Promise<HubResponse>;

/** A promise that is not settled yet. */
interface Pending<Value> {
  resolve(value: Value): void;
  reject(error: unknown): void;
}

/** Bytes that were written and not read yet. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly stamp: number;
}

const ENCODER = new TextEncoder();

/**
 * One request and its answer, with both ends of the connection: a sink for the hub, and for the client the part of a
 * `Response` that it reads. Bytes pass at once, unless the methods below stop them.
 */
export class Exchange implements Sink {
  readonly url: string;
  /** Settles when the status and the headers of the answer have arrived. */
  readonly response: Promise<Response>;
  readonly isStream: boolean;
  /** The most bytes that may wait for the client before the hub has to stop writing. */
  highWater = 16 * 1024;
  /** How often `write` told the hub to stop. */
  stops = 0;
  /** The bytes that the hub wrote while it had to stop. */
  overrun = 0;
  /** Called when both ends know that the exchange has ended. */
  onClosed = () => {};
  /**
   * Called when bytes have reached the client, with the value that {@link stamp} had when they were written. Called
   * once more, with the last value, when the end of the body has reached the client.
   */
  onArrival: (stamp: number) => void = () => {};
  /** Marks the bytes of every write. */
  stamp: () => number = () => 0;
  readonly #init: Init;
  readonly #headers: Headers;
  readonly #serve: Serve;
  #control: StreamControl | null = null;
  #answer: HubResponse | null = null;
  #chunks: Chunk[] = [];
  /** The bytes of all chunks. */
  #waitingBytes = 0;
  /** The stamp of the bytes that were read last. */
  #lastStamp = 0;
  /** Whether the hub has to stop writing. */
  #isFull = false;
  /** Whether the hub has the request. */
  #isServed = false;
  /** Whether the client has the head of the answer. */
  #isAnswered = false;
  #isSwallowed = false;
  #repeatsNextWrite = false;
  #isServerClosed = false;
  #isClientClosed = false;
  /** What follows the last byte: nothing yet, the end of the body, or an error. */
  #end: "open" | "end" | Error = "open";
  /** How many more bytes may pass. */
  #allowance = Infinity;
  /** Aborts the request when the client has left. */
  #abort: AbortController | null = null;
  /** Set in the constructor, by the promise. */
  #pendingResponse!: Pending<Response>;
  #pendingRead: Pending<ReadResult> | null = null;

  constructor(url: string, init: Init, serve: Serve) {
    this.url = url;
    this.#init = init;
    this.#serve = serve;
    this.#headers = new Headers(init.headers);
    this.isStream = this.#headers.get("accept") === "text/event-stream";
    this.response = new Promise((resolve, reject) => {
      this.#pendingResponse = { resolve, reject };
    });
    init.signal?.addEventListener("abort", () => this.#leave(), { once: true });
  }

  /** Whether the client's end is open. */
  get isOpen(): boolean {
    return !this.#isClientClosed;
  }

  /** The status of the answer; null before there is one. */
  get status(): number | null {
    return this.#answer?.status ?? null;
  }

  /** Whether the client waits for bytes that will never come. */
  get isDead(): boolean {
    return this.#isSwallowed && !this.#isClientClosed;
  }

  /** Sends the request. */
  begin(): void {
    this.#passWhatMay();
  }

  /** Holds back every byte, in both directions; both ends wait. */
  hold(): void {
    this.#allowance = 0;
  }

  /**
   * Lets bytes pass again.
   * @param bytes how many; the last one may be in the middle of a frame @default all
   */
  release(bytes = Infinity): void {
    this.#allowance = bytes;
    this.#passWhatMay();
  }

  /**
   * Breaks the connection; both ends notice.
   * @param bytes how many of the waiting bytes still arrive @default 0
   */
  cut(bytes = 0): void {
    this.#end = new TypeError("terminated");
    this.#chunks = this.#chunks.length === 0 ? [] : [truncate(this.#chunks, bytes)];
    this.#closeServer();
    this.release();
  }

  /** Kills the connection without either end noticing: the hub's writes are lost, and the client receives nothing. */
  swallow(): void {
    this.#isSwallowed = true;
    this.#chunks = [];
    this.#waitingBytes = 0;
  }

  /** Delivers the next write of the hub twice, if this is a stream. */
  repeat(): void {
    this.#repeatsNextWrite = this.isStream;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isSwallowed || this.#isClientClosed) return true;
    if (this.#isFull) this.overrun += bytes.length;
    this.#enqueue(bytes);
    if (this.#repeatsNextWrite) this.#enqueue(bytes);
    this.#repeatsNextWrite = false;
    this.#passWhatMay();
    const isFull = this.#waitingBytes >= this.highWater;
    if (isFull && !this.#isFull) this.stops++;
    this.#isFull = isFull;
    return !isFull;
  }

  end(): void {
    this.#isServerClosed = true;
    if (this.#isSwallowed) {
      this.#checkClosed();
      return;
    }
    if (this.#end === "open") this.#end = "end";
    this.#passWhatMay();
  }

  #enqueue(bytes: Uint8Array): void {
    this.#chunks.push({ bytes, stamp: this.stamp() });
    this.#waitingBytes += bytes.length;
  }

  /** Delivers the request, the head of the answer and its bytes, as far as they may pass and are waited for. */
  #passWhatMay(): void {
    if (this.#allowance === 0 || this.#isClientClosed) return;
    if (!this.#isServed && !this.#isSwallowed) void this.#deliverRequest();
    if (this.#isSwallowed) return;
    if (this.#answer !== null && !this.#isAnswered) {
      this.#isAnswered = true;
      this.#pendingResponse.resolve(partialResponse(this.#answer, this.#reader()));
    }
    if (this.#pendingRead !== null) this.#answerRead(this.#pendingRead);
    else if (!this.#isAnswered && typeof this.#end === "object") this.#fail(this.#end);
  }

  #answerRead(read: Pending<ReadResult>): void {
    const [chunk] = this.#chunks;
    if (chunk !== undefined) {
      this.#answerWithBytes(read, chunk);
    } else if (this.#end === "end") {
      this.onArrival(this.#lastStamp);
      read.resolve({ done: true, value: undefined });
      this.#closeClient();
    } else if (typeof this.#end === "object") {
      this.#fail(this.#end);
    }
  }

  #answerWithBytes(read: Pending<ReadResult>, chunk: Chunk): void {
    const size = Math.min(chunk.bytes.length, this.#allowance);
    this.#allowance -= size;
    if (size === chunk.bytes.length) this.#chunks.shift();
    else this.#chunks[0] = { ...chunk, bytes: chunk.bytes.subarray(size) };
    this.#waitingBytes -= size;
    this.#pendingRead = null;
    this.#lastStamp = chunk.stamp;
    this.onArrival(chunk.stamp);
    read.resolve({ done: false, value: chunk.bytes.subarray(0, size) });
    const hasRoomAgain = this.#isFull && this.#waitingBytes < this.highWater;
    if (!hasRoomAgain) return;
    this.#isFull = false;
    queueMicrotask(() => {
      if (!this.#isServerClosed) this.#control?.drained();
    });
  }

  async #deliverRequest(): Promise<void> {
    this.#isServed = true;
    const answer = await this.#serve(this.#request()).catch(() => null);
    if (this.#isServerClosed) return;
    if (answer === null) {
      this.cut();
      return;
    }
    this.#answer = answer;
    if ("open" in answer) {
      const control = answer.open(this);
      this.#control = control;
      // The hub may have ended the stream inside `open`.
      if (this.#isServerClosed) control.closed();
    } else {
      if (!this.#isSwallowed) this.#chunks.push({ bytes: ENCODER.encode(answer.body), stamp: this.stamp() });
      this.end();
    }
    this.#passWhatMay();
  }

  #request(): HubRequest {
    const signal = () => {
      this.#abort ??= new AbortController();
      return this.#abort.signal;
    };
    return new ArrivedRequest(this.#init, this.url, this.#headers, signal);
  }

  #reader(): BytesReader {
    return {
      read: () =>
        new Promise((resolve, reject) => {
          this.#pendingRead = { resolve, reject };
          if (this.#isClientClosed) resolve({ done: true, value: undefined });
          else this.#passWhatMay();
        }),
      cancel: async () => this.#leave(),
    };
  }

  /** The client aborts or cancels. On a dead connection, the hub does not notice. */
  #leave(): void {
    if (!this.#isSwallowed) this.#closeServer();
    if (this.#isClientClosed) return;
    this.#fail(this.#init.signal?.reason ?? new Error("The client has cancelled the answer."));
  }

  #fail(error: unknown): void {
    this.#pendingResponse.reject(error);
    this.#pendingRead?.reject(error);
    this.#closeClient();
  }

  #closeClient(): void {
    this.#isClientClosed = true;
    // A request that has not reached the hub yet never will.
    if (!this.#isServed) this.#isServerClosed = true;
    this.#pendingRead = null;
    this.#chunks = [];
    this.#checkClosed();
  }

  #closeServer(): void {
    if (this.#isServerClosed) return;
    this.#isServerClosed = true;
    this.#abort?.abort();
    this.#control?.closed();
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#isServerClosed && this.#isClientClosed) this.onClosed();
  }
}

/** The first bytes of the chunks, as one chunk. */
function truncate(chunks: readonly Chunk[], bytes: number): Chunk {
  const whole = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  // The caller has checked that there is at least one chunk.
  return { ...(chunks[0] as Chunk), bytes: new Uint8Array(whole.subarray(0, bytes)) };
}
