/** The position of the line "New messages". The line does not move while the person reads, so that they can find it. */
export class UnreadLine {
  #after: number | null = null;

  /** The number of the message above the line; null if there is no line. */
  get after(): number | null {
    return this.#after;
  }

  /** The person opens a room. There is no line if they have read nothing yet, because then all messages are new. */
  enterRoom(read: number, newest: number): void {
    const hasReadSome = read > 0;
    const hasUnread = newest > read;
    this.#after = hasReadSome && hasUnread ? read : null;
  }

  /**
   * Messages have come that the person does not see. A line above messages that they have read moves down to `read`.
   */
  moveTo(read: number): void {
    const canMove = this.#after === null || this.#after < read;
    if (canMove) this.#after = read > 0 ? read : null;
  }

  /** The person has sent a message, so they have seen the others. */
  clear(): void {
    this.#after = null;
  }
}
