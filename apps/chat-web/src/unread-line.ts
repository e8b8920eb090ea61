/** Where the line "New messages" stands: it stays put while one reads, so that one finds it. */
export class UnreadLine {
  #after: number | null = null;

  /** The number above the line, or null for no line. */
  get after(): number | null {
    return this.#after;
  }

  /** A room is entered. To whom everything is new, a line says nothing. */
  begin(read: number, newest: number): void {
    this.#after = read > 0 && newest > read ? read : null;
  }

  /** Messages came that nobody looked at. A line that was read over moves to them. */
  arrive(read: number): void {
    if (this.#after === null || this.#after < read) this.#after = read > 0 ? read : null;
  }

  /** The person has answered. */
  clear(): void {
    this.#after = null;
  }
}
