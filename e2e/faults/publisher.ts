import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** Resolves when the server has acknowledged the message. A key that it knows is the message that it has. */
export type Post = (text: string, key: string) => Promise<unknown>;

/** Milliseconds until a post that has failed is tried again. */
const BACKOFF = 20;

/** Publishes one message after the other, each until it is acknowledged, and counts. It ends with the test. */
export class Publisher {
  /** What was acknowledged, in order. */
  readonly acked: string[] = [];
  /** Posts that failed, and were tried again with the same key. */
  failures = 0;
  readonly #name: string;
  readonly #post: Post;
  readonly #pace: number;
  readonly #done: Promise<void>;
  #moved: () => void = () => {};
  #stopping = false;
  #givenUp = false;

  /** @param pace milliseconds between two messages */
  constructor(name: string, post: Post, pace = 0) {
    this.#name = name;
    this.#post = post;
    this.#pace = pace;
    this.#done = this.#publish();
    onTestFinished(() => void (this.#stopping = this.#givenUp = true));
  }

  /** Resolves when something is so; asked whenever a message was acknowledged, here. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#moved = resolve));
  }

  /** Resolves when what it has begun is acknowledged. */
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
      this.#moved();
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
