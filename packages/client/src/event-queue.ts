import { callHandler } from "./callback.ts";
import type { EventsOptions } from "./client.ts";
import type { Consumer, Item } from "./consumer.ts";
import type { Gap, ReceivedEvent } from "./handlers.ts";
import type { Reason } from "./status.ts";
import { StreamError } from "./stream-error.ts";

/** The consumer behind `for await`: bounded, and never in the way of others. */
export class EventQueue implements Consumer, AsyncIterableIterator<ReceivedEvent, Reason> {
  readonly wantsSnapshot = false;
  /** What it is filled by, once there is one. */
  source: { resume(): void; close(): void } | null = null;
  readonly #options: EventsOptions;
  readonly #onError: (error: StreamError) => void;
  /** What the loop has not taken yet, gaps at their places. */
  readonly #entries: ({ readonly event: ReceivedEvent; readonly isVolatile: boolean } | { readonly gap: Gap })[] = [];
  readonly #events: AsyncGenerator<ReceivedEvent, undefined> = this.#read();
  #wake = () => {};
  #reason: Reason | null = null;

  constructor(options: EventsOptions, onError: (error: StreamError) => void) {
    this.#options = options;
    this.#onError = onError;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  take(item: Item): boolean {
    if ("cleared" in item) return true;
    // Current values come without an id and cannot be asked for again; what comes after a gap would bring the gap again.
    const last = this.#entries.at(-1);
    const isOwed = last !== undefined && "event" in last && (item.isVolatile || item.cursor !== null);
    const isFull = isOwed && this.#entries.length >= (this.#options.capacity ?? 1_024);
    if (isFull && (item.isVolatile || !this.#dropVolatile())) return false;
    this.#entries.push({ event: item.event, isVolatile: item.isVolatile });
    this.#wake();
    return true;
  }

  snapshot(): void {}

  gap(gap: Gap): void {
    this.#entries.push({ gap });
    this.#wake();
  }

  close(reason: Reason): void {
    this.#reason = reason;
    this.#wake();
  }

  async next(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    const result = await this.#events.next();
    return result.done === true ? { done: true, value: this.#reason ?? "closed" } : result;
  }

  async return(): Promise<IteratorResult<ReceivedEvent, Reason>> {
    this.#entries.length = 0;
    this.source?.close();
    await this.#events.return(undefined);
    return { done: true, value: this.#reason ?? "closed" };
  }

  /** Makes room: volatile events have no id, so a queue full of them would be asked for again from the same place, at once and for ever. */
  #dropVolatile(): boolean {
    const index = this.#entries.findIndex((entry) => "event" in entry && entry.isVolatile);
    if (index !== -1) this.#entries.splice(index, 1);
    return index !== -1;
  }

  /** A generator, so that whoever asks while another waits has to queue. */
  async *#read(): AsyncGenerator<ReceivedEvent, undefined> {
    while (this.#entries.length > 0 || this.#reason === null) {
      const entry = this.#entries.shift();
      if (this.#entries.length === 0) this.source?.resume();
      if (entry === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if ("event" in entry) yield entry.event;
      else this.#tell(entry.gap);
    }
  }

  /** @throws StreamError `gap` */
  #tell(gap: Gap): void {
    const { onGap } = this.#options;
    if (onGap !== undefined) return callHandler(`The onGap of ${gap.channel}`, () => onGap(gap), this.#onError);
    this.#entries.length = 0;
    this.source?.close();
    throw new StreamError(
      "gap",
      `Expected all events of ${gap.channel}, but those after ${gap.after ?? "the beginning"} are gone (${gap.reason}); pass onGap to events() to go on.`,
    );
  }
}
