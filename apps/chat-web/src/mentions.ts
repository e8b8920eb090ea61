import type { Membership, Mention } from "@tidings-apps/chat-contract";

/** The mentions that the person has not read yet. */
export class Mentions {
  #unread = new Map<string, Mention>();
  /** The message ids of all mentions that have come, so that none is announced twice. */
  readonly #seen = new Set<string>();
  #isFirstSnapshot = true;

  /** Adds a mention, or its new text. Returns whether it has to be announced. */
  add(mention: Mention): boolean {
    const { messageId } = mention;
    const isNew = !this.#seen.has(messageId);
    // A mention that comes again after it was read stays read.
    if (isNew || this.#unread.has(messageId)) this.#unread.set(messageId, mention);
    this.#seen.add(messageId);
    return isNew;
  }

  /** The message does not mention the person any more. */
  remove(messageId: string): void {
    this.#unread.delete(messageId);
    this.#seen.delete(messageId);
  }

  /** Returns all unread mentions, the newest first. */
  list(): Mention[] {
    return [...this.#unread.values()].reverse();
  }

  /**
   * Replaces all unread mentions with those of a snapshot. Returns the mentions to announce: none of the first
   * snapshot, because they are older than this page; of a later snapshot those that came during a gap.
   */
  replace(mentions: readonly Mention[]): Mention[] {
    const unseen = mentions.filter(({ messageId }) => !this.#seen.has(messageId));
    const toAnnounce = this.#isFirstSnapshot ? [] : unseen;
    this.#isFirstSnapshot = false;
    this.#unread = new Map(mentions.map((mention) => [mention.messageId, mention]));
    for (const { messageId } of mentions) this.#seen.add(messageId);
    return toAnnounce;
  }

  /** The person has read the room up to this number. */
  markRead({ roomId, read }: Pick<Membership, "roomId" | "read">): void {
    for (const [messageId, mention] of this.#unread) {
      if (mention.roomId === roomId && mention.number <= read) this.#unread.delete(messageId);
    }
  }

  isUnread(messageId: string): boolean {
    return this.#unread.has(messageId);
  }

  /** Returns the number of unread mentions in a room. */
  countIn(roomId: string): number {
    return [...this.#unread.values()].filter((mention) => mention.roomId === roomId).length;
  }
}
