import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { Changes } from "../changes.ts";

/** Resolves when the server has acknowledged the message. Posting again with a known key stores nothing. */
export type Post = (text: string, key: string) => Promise<unknown>;

/** Milliseconds until a post that has failed is tried again. */
const BACKOFF = 20;

/** Publishes numbered messages, each of them until it is acknowledged. It stops when the test has finished. */
export class Publisher {
  /** The texts that were acknowledged, in order. */
  readonly acked: string[] = [];
  /** How many posts failed and were tried again with the same key. */
  failures = 0;
  readonly #name: string;
  readonly #post: Post;
  readonly #pace: number;
  readonly #done: Promise<void>;
  readonly #changes = new Changes();
  #stopping = false;
  #givenUp = false;

  /** @param pace milliseconds between two messages */
  constructor(name: string, post: Post, pace = 0) {
    this.#name = name;
    this.#post = post;
    this.#pace = pace;
    this.#done = this.#publish();
    onTestFinished(() => {
      this.#stopping = true;
      this.#givenUp = true;
    });
  }

  /** Resolves when a condition is true. It is checked whenever a message of this publisher is acknowledged. */
  until(isTrue: () => boolean): Promise<void> {
    return this.#changes.until(isTrue);
  }

  /** Publishes no more. Resolves when the current message is acknowledged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #publish(): Promise<void> {
    for (let number = 0; !this.#stopping; number++) {
      const text = `${this.#name}:${number}`;
      while (!(await this.#isAcked(text))) {
        if (this.#givenUp) return;
        await delay(BACKOFF);
      }
      this.acked.push(text);
      this.#changes.announce();
      await delay(this.#pace);
    }
  }

  async #isAcked(text: string): Promise<boolean> {
    try {
      await this.#post(text, text);
      return true;
    } catch {
      this.failures++;
      return false;
    }
  }
}
