import { callHandler } from "./callback.ts";
import type { EventsOptions } from "./client.ts";
import type { Gap, ReceivedEvent } from "./handlers.ts";
import type { Consumer, Item } from "./item.ts";
import type { Reason } from "./status.ts";
import { StreamError } from "./stream-error.ts";

interface Waiting {
  readonly resolve: (result: IteratorResult<ReceivedEvent, Reason>) => void;
  readonly reject: (error: StreamError) => void;
}

/** The consumer behind `for await`: bounded, and never in the way of others. */
export class EventQueue implements Consumer, AsyncIterableIterator<ReceivedEvent, Reason> {
  readonly wantsSnapshot = false;
  /** What it is filled by, once there is one. */
  source: { resume(): void; close(): void } | null = null;
  readonly #path: string;
  readonly #options: EventsOptions;
  readonly #onError: (error: StreamError) => void;
  readonly #waiting: Waiting[] = [];
  /** What the loop has not taken yet, gaps at their places. */
  #entries: ({ readonly event: ReceivedEvent } | { readonly gap: Gap })[] = [];
  /** To be thrown once, when the events before it have been taken. */
  #error: StreamError | null = null;
  #reason: Reason | null = null;
  #afterGap = false;

  constructor(path: string, options: EventsOptions, onError: (error: StreamError) => void) {
    this.#path = path;
    this.#options = options;
    this.#onError = onError;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  take(item: Item): boolean {
    if (item.kind === "clear") return true;
    // Current values come without an id and cannot be asked for again; what comes after a gap would bring the gap again.
    const again = item.volatile || (item.cursor !== null && !this.#afterGap);
    if (again && this.#entries.length >= (this.#options.capacity ?? 1_024)) return false;
    this.#afterGap = false;
    const first = this.#waiting.shift();
    if (first === undefined) this.#entries.push({ event: item.event });
    else first.resolve({ done: false, value: item.event });
    return true;
  }

  snapshot(): void {}

  gap(gap: Gap): void {
    this.#afterGap = true;
    if (this.#options.onGap !== undefined) {
      // A loop that waits has taken everything before.
      if (this.#waiting.length > 0) this.#tell(gap);
      else this.#entries.push({ gap });
      return;
    }
    this.#error = new StreamError(
      "gap",
      `Events of ${gap.channel} after ${gap.after ?? "the beginning"} are gone (${gap.reason}), and the loop has no onGap: pass one to events() to go on after a gap.`,
    );
    this.source?.close();
  }

  close(reason: Reason): void {
    this.#reason = reason;
    // Who waits has taken everything before.
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      const error = this.#takeError();
      if (error === null) resolve({ done: true, value: reason });
      else reject(error);
    }
  }

  async next(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    for (let entry = this.#entries.shift(); entry !== undefined; entry = this.#entries.shift()) {
      if (this.#entries.length === 0) this.source?.resume();
      if ("event" in entry) return { done: false, value: entry.event };
      this.#tell(entry.gap);
    }
    const error = this.#takeError();
    if (error !== null) throw error;
    if (this.#reason !== null) return { done: true, value: this.#reason };
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    this.#entries = [];
    this.#error = null;
    this.source?.close();
    return { done: true, value: this.#reason ?? "closed" };
  }

  #tell(gap: Gap): void {
    callHandler(`The onGap of ${this.#path}`, () => this.#options.onGap?.(gap), this.#onError);
  }

  #takeError(): StreamError | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }
}
