import type { Membership } from "@tidings-apps/chat-contract";

/** The number of the last message that the person has read in a room. */
type ReadMark = Pick<Membership, "roomId" | "read">;

/**
 * Sends to the server how far the person has read: one request at a time, only the newest mark of a room, and again
 * after a failure.
 */
export class ReadMarks {
  readonly #put: (mark: ReadMark) => Promise<void>;
  /** The marks that the server does not have yet, by room. */
  readonly #pending = new Map<string, number>();
  /** The marks that the server has, by room. */
  readonly #confirmed = new Map<string, number>();
  #isSending = false;

  /** @param put sends one mark; it rejects if the server does not have the mark afterwards */
  constructor(put: (mark: ReadMark) => Promise<void>) {
    this.#put = put;
  }

  /** Sends a mark, unless the server has it. */
  set({ roomId, read }: ReadMark): void {
    if (this.#confirmed.get(roomId) === read) return;
    this.#pending.set(roomId, read);
    void this.send();
  }

  /** Sends all pending marks. Stops at the first failure; the next call tries again. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let [next] = this.#pending; next !== undefined; [next] = this.#pending) {
        const [roomId, read] = next;
        await this.#put({ roomId, read });
        this.#confirmed.set(roomId, read);
        // A newer mark may have come during the request.
        if (this.#pending.get(roomId) === read) this.#pending.delete(roomId);
      }
    } catch {
      // The mark stays pending. The next mark or the next connection sends it again.
    } finally {
      this.#isSending = false;
    }
  }

  /** The server says which mark it has. A mark that the server has lost can be sent again. */
  confirm({ roomId, read }: ReadMark): void {
    this.#confirmed.set(roomId, read);
  }
}
