import type { ComingBody } from "../hub-options.ts";
import { bodyTooLong } from "./body-too-long.ts";
import { GrowingBytes } from "./growing-bytes.ts";

/**
 * How much of a body that is too long is read and dropped. Node closes the socket after the answer. If a body were
 * still coming then, a proxy that is sending it would get a reset, and tell its client 502 instead of the answer. Some
 * other runtimes cut off the answer when the body is cancelled.
 */
const MOST_DROPPED_BYTES = 1024 * 1024;

/** The bytes of one body while it comes. As soon as it is known to be too long, nothing of it is kept. */
export class BodyBytes {
  readonly #limit: number;
  readonly #coming: ComingBody;
  readonly #mostRead: number;
  readonly #bytes = new GrowingBytes();
  #size = 0;
  #tooLong: RangeError | null = null;

  /** @param limit the most bytes that the hub takes @param isDropped whether the rest of a longer body is read, too */
  constructor(limit: number, coming: ComingBody, isDropped = true) {
    this.#limit = limit;
    this.#coming = coming;
    this.#mostRead = isDropped ? limit + MOST_DROPPED_BYTES : limit;
    coming.signal.addEventListener("abort", () => this.#bytes.clear());
  }

  /** Takes the length that a request declares. Returns whether the body is worth reading. */
  declare(length: number): boolean {
    if (length > this.#limit) this.#drop();
    return this.#tooLong === null || length <= this.#mostRead;
  }

  /** Returns whether more of the body is worth reading. */
  add(part: Uint8Array): boolean {
    this.#size += part.length;
    if (this.#size > this.#limit) this.#drop();
    if (this.#tooLong !== null) return this.#size <= this.#mostRead;
    this.#bytes.add(part);
    this.#coming.hold(this.#bytes.capacity);
    return true;
  }

  /** The body as UTF-8. @throws RangeError when it is too long */
  text(): string {
    if (this.#tooLong !== null) throw this.#tooLong;
    this.#coming.signal.throwIfAborted();
    return this.#bytes.text();
  }

  #drop(): void {
    if (this.#tooLong !== null) return;
    this.#tooLong = bodyTooLong(this.#limit);
    this.#bytes.clear();
    this.#coming.drop(this.#tooLong);
  }
}
