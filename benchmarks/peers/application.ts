import { EventEmitter, on } from "node:events";
import type { Message } from "./peer.ts";

/**
 * The number of messages that the application keeps for readers that reconnect: the default of an SQLite log of
 * Tidings.
 */
const MAX_KEPT = 10_000;

/**
 * The part that the application has to write itself if the library has streams but no channels: an emitter, and an
 * array in place of a database. It listens before it reads the array, as https://trpc.io/docs/server/subscriptions
 * advises. Node's `on` has a queue without a limit.
 */
export class Application {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #kept: Message[] = [];
  readonly #readers = new Set<{ waiting: number }>();

  publish(message: Message): void {
    this.#kept.push(message);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    for (const reader of this.#readers) reader.waiting++;
    this.#emitter.emit("message", message);
  }

  /** Returns the kept messages after a number. Returns all of them if there is no kept message with this number. */
  keptAfter(n: number): Message[] {
    return this.#kept.slice(this.#kept.findIndex((message) => message.n === n) + 1);
  }

  /**
   * Yields what is published from now on, until the signal is aborted. It listens from the call on, not only from the
   * first `next()` on.
   */
  live(signal: AbortSignal): AsyncGenerator<Message> {
    const reader = { waiting: 0 };
    this.#readers.add(reader);
    return this.#take(on(this.#emitter, "message", { signal }), reader, signal);
  }

  async *#take(events: AsyncIterable<unknown>, reader: { waiting: number }, signal: AbortSignal) {
    try {
      for await (const event of events) {
        reader.waiting--;
        // Safe: each event is the list of emitted arguments, and `publish` emits one message.
        const [message] = event as [Message];
        yield message;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#readers.delete(reader);
    }
  }

  /** Returns the number of messages that wait in the queues of all readers. */
  waiting(): number {
    return [...this.#readers].reduce((sum, reader) => sum + reader.waiting, 0);
  }
}
