import type { Reason } from "./status.ts";
import { StreamError } from "./stream-error.ts";
import type { Gap, ReceivedEvent } from "./handlers.ts";
import type { Consumer, Item } from "./subscription.ts";

/** An iterator that is not read takes this many events; then its subscription leaves the stream and comes back by pages. */
const CAPACITY = 1_024;

type Waiting = (result: IteratorResult<ReceivedEvent, Reason>) => void;

/** The consumer behind `for await`: bounded, and never in the way of others. */
export class EventQueue implements Consumer, AsyncIterableIterator<ReceivedEvent, Reason> {
  readonly wantsSnapshot = false;
  readonly #onGap: ((gap: Gap) => unknown) | undefined;
  /** Asks for more, or ends the subscription. */
  readonly #control: { resume(): void; close(): void };
  readonly #waiting: { readonly resolve: Waiting; readonly reject: (error: StreamError) => void }[] = [];
  #events: ReceivedEvent[] = [];
  #error: StreamError | null = null;
  #reason: Reason | null = null;

  constructor(onGap: ((gap: Gap) => unknown) | undefined, control: { resume(): void; close(): void }) {
    this.#onGap = onGap;
    this.#control = control;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  take(item: Item): boolean {
    if (item.kind === "clear") return true;
    // Current values come without an id and cannot be asked for again.
    const again = item.volatile || item.cursor !== null;
    if (again && this.#events.length >= CAPACITY) return false;
    const first = this.#waiting.shift();
    if (first === undefined) this.#events.push(item.event);
    else first.resolve({ done: false, value: item.event });
    return true;
  }

  snapshot(): void {}

  gap(gap: Gap): void {
    if (this.#onGap !== undefined) {
      this.#onGap(gap);
      return;
    }
    this.#error = new StreamError(
      "gap",
      `Events of ${gap.channel} after ${gap.after ?? "the beginning"} are gone (${gap.reason}), and the loop has no onGap: pass one to events() to go on after a gap.`,
    );
    this.#control.close();
  }

  close(reason: Reason): void {
    this.#reason = reason;
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#error === null) resolve({ done: true, value: reason });
      else reject(this.#takeError());
    }
  }

  async next(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    const event = this.#events.shift();
    if (event !== undefined) {
      if (this.#events.length === 0) this.#control.resume();
      return { done: false, value: event };
    }
    if (this.#error !== null) throw this.#takeError();
    if (this.#reason !== null) return { done: true, value: this.#reason };
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    this.#events = [];
    this.#error = null;
    this.#control.close();
    return { done: true, value: "closed" };
  }

  /** Thrown once; after it the iteration is over. */
  #takeError(): StreamError {
    const error = this.#error ?? new StreamError("closed", "The iteration is over.");
    this.#error = null;
    return error;
  }
}
