import type { Membership } from "@tidings-apps/chat-contract";

/** What the person has read, and the server has yet to be told. */
type Mark = Pick<Membership, "roomId" | "read">;

/** Tells the server how far somebody has read: one request at a time, only the newest mark of a room, and again after a failure. */
export class ReadMarks {
  readonly #put: (mark: Mark) => Promise<void>;
  readonly #owed = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #isSending = false;

  /** @param put rejects when the server was not told */
  constructor(put: (mark: Mark) => Promise<void>) {
    this.#put = put;
  }

  mark({ roomId, read }: Mark): void {
    if (this.#told.get(roomId) === read) return;
    this.#owed.set(roomId, read);
    void this.send();
  }

  /** Tries what is owed. */
  async send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let [next] = this.#owed; next !== undefined; [next] = this.#owed) {
        const [roomId, read] = next;
        await this.#put({ roomId, read });
        this.#told.set(roomId, read);
        if (this.#owed.get(roomId) === read) this.#owed.delete(roomId);
      }
    } catch {
      // The mark is still owed, and the next one or the next connection tries it again.
    } finally {
      this.#isSending = false;
    }
  }

  /** The server tells how far it knows: what it has forgotten will be told anew. */
  learn({ roomId, read }: Mark): void {
    this.#told.set(roomId, read);
  }
}
