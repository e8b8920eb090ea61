import { EventEmitter, on } from "node:events";
import type { Message } from "./peer.ts";

/** Messages that the application keeps for readers who come back: as many as an SQLite log of Tidings keeps by default. */
const KEPT = 10_000;

/**
 * What an application has to bring where the library has streams, but no channels: an emitter, and an array for a database. It
 * listens before it reads the array, as https://trpc.io/docs/server/subscriptions advises. `on` of Node queues without a bound.
 */
export class Application {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #kept: Message[] = [];
  readonly #readers = new Set<{ waiting: number }>();

  publish(message: Message): void {
    this.#kept.push(message);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const reader of this.#readers) reader.waiting++;
    this.#emitter.emit("message", message);
  }

  /** The kept messages that came after a number; all of them when that is not known. */
  keptAfter(n: number): Message[] {
    return this.#kept.slice(this.#kept.findIndex((message) => message.n === n) + 1);
  }

  /** What is published from now on, until the signal; it listens at once, and not only when the first message is taken. */
  live(signal: AbortSignal): AsyncGenerator<Message> {
    const reader = { waiting: 0 };
    this.#readers.add(reader);
    return this.#take(on(this.#emitter, "message", { signal }), reader, signal);
  }

  async *#take(events: AsyncIterable<unknown>, reader: { waiting: number }, signal: AbortSignal) {
    try {
      for await (const event of events) {
        reader.waiting--;
        // Each event is the list of what was emitted, and nothing but messages is emitted.
        const [message] = event as [Message];
        yield message;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#readers.delete(reader);
    }
  }

  waiting(): number {
    return [...this.#readers].reduce((sum, reader) => sum + reader.waiting, 0);
  }
}
