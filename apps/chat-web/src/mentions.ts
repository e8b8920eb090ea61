import type { Mention, Membership } from "@tidings-apps/chat-contract";

/** Where the person was named and has not read it yet. */
export class Mentions {
  #unread = new Map<string, Mention>();
  /** Of all that came, so that none is told twice. */
  readonly #known = new Set<string>();
  #isFirst = true;

  /** Returns whether it is news. */
  add(mention: Mention): boolean {
    if (this.#known.has(mention.messageId)) return false;
    this.#known.add(mention.messageId);
    this.#unread.set(mention.messageId, mention);
    return true;
  }

  /**
   * These are unread and no others. Returns what is news: nothing in the first state, which tells of a time when nobody was looking,
   * and in a later one what came during a gap.
   */
  replace(mentions: readonly Mention[]): Mention[] {
    const news = mentions.filter(({ messageId }) => !this.#isFirst && !this.#known.has(messageId));
    this.#isFirst = false;
    this.#unread = new Map(mentions.map((mention) => [mention.messageId, mention]));
    for (const { messageId } of mentions) this.#known.add(messageId);
    return news;
  }

  /** The person has read up to somewhere. */
  settle({ roomId, read }: Pick<Membership, "roomId" | "read">): void {
    for (const [id, mention] of this.#unread) {
      if (mention.roomId === roomId && mention.number <= read) this.#unread.delete(id);
    }
  }

  isUnread(messageId: string): boolean {
    return this.#unread.has(messageId);
  }

  isNamedIn(roomId: string): boolean {
    return [...this.#unread.values()].some((mention) => mention.roomId === roomId);
  }
}
