import { ApiError, postTyping, putTopic, setMembership } from "./api.ts";

/** What the person wants of a room; what does not work is said, and nothing else has changed. */
export class RoomRequests {
  readonly #say: (sentence: string) => void;

  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  setMembership(roomId: string, joined: boolean): void {
    void this.#try(() => setMembership(roomId, joined));
  }

  setTopic(roomId: string, text: string): void {
    void this.#try(() => putTopic(roomId, text));
  }

  hint(roomId: string): void {
    // A hint that is lost is not worth a word.
    postTyping(roomId).catch(() => {});
  }

  async #try(request: () => Promise<void>): Promise<void> {
    try {
      await request();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#say(`That did not work. ${error.message}`);
    }
  }
}
