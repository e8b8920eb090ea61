/**
 * Bytes that come part by part. They are copied: a part may be a small piece of a large buffer, which it would keep in
 * memory.
 */
export class GrowingBytes {
  #bytes = new Uint8Array(0);
  #size = 0;

  /** How much memory the bytes take: at most twice their size, or the largest part and 1 KB. */
  get capacity(): number {
    return this.#bytes.length;
  }

  add(part: Uint8Array): void {
    const size = this.#size + part.length;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length, 1_024));
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#size);
    this.#size = size;
  }

  /** Lets go of all bytes. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#size = 0;
  }

  /** The bytes as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#size));
  }
}
