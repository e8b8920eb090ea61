import type { Membership, Mention } from "@tidings-apps/chat-contract";

/** The mentions that the person has not read yet. */
export class Mentions {
  #unread = new Map<string, Mention>();
  /** The message ids of all mentions that have come, so that none is announced twice. */
  readonly #seen = new Set<string>();
  #isFirstSnapshot = true;

  /** Returns whether the mention is new. */
  add(mention: Mention): boolean {
    if (this.#seen.has(mention.messageId)) return false;
    this.#seen.add(mention.messageId);
    this.#unread.set(mention.messageId, mention);
    return true;
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

  hasUnreadIn(roomId: string): boolean {
    return [...this.#unread.values()].some((mention) => mention.roomId === roomId);
  }
}
