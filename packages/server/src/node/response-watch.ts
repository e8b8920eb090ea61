import type { StreamControl } from "../wire/sink.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { isPipelined, waitForSocket } from "./socket-queue.ts";

/** Watches one response until it is over. Thousands of them are open for hours, so each part is made when wanted. */
export class ResponseWatch {
  /** Settles when the response is written, or its reader is gone. */
  readonly over: Promise<void>;
  /** The stream that the response has become. It is told when the reader is gone. */
  stream: StreamControl | null = null;
  #settle = (): void => {};
  #isGone = false;
  #gone: AbortController | null = null;

  constructor(response: NodeResponse) {
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    response.on("finish", this.#settle);
    response.on("close", () => this.leave());
  }

  /** Whether the reader is gone. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Aborted when the reader is gone. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isGone) this.#gone.abort();
    return this.#gone.signal;
  }

  /** The reader is gone. May be called again. */
  leave(): void {
    this.#isGone = true;
    this.#gone?.abort();
    this.stream?.closed();
    this.#settle();
  }

  /** Settles when the response has its socket, or will never get it; null when it has it. */
  socketFree(request: NodeRequest, response: NodeResponse): Promise<void> | null {
    if (!isPipelined(request, response)) return null;
    return new Promise((resolve) => {
      this.signal.addEventListener("abort", () => resolve());
      waitForSocket(request, response, { leave: () => this.leave(), begin: resolve });
    });
  }
}
