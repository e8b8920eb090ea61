import { ApiError, postTyping, putTopic, setMembership } from "./api.ts";

/** The requests that a person makes for a room. A failure is shown to the person and changes nothing else. */
export class RoomRequests {
  readonly #onProblem: (sentence: string) => void;

  constructor(onProblem: (sentence: string) => void) {
    this.#onProblem = onProblem;
  }

  setMembership(roomId: string, joined: boolean): void {
    void this.#try(() => setMembership(roomId, joined));
  }

  /** @param before the topic that the person has seen when they began */
  setTopic(roomId: string, text: string, before: string): void {
    void this.#try(async () => {
      try {
        await putTopic(roomId, text, before);
      } catch (error) {
        if (!(error instanceof ApiError) || text === "") throw error;
        // The field is gone, so the sentence has the text: a person can write it again.
        const isConflict = error.status === 409;
        this.#onProblem(
          isConflict
            ? `Somebody has changed the topic meanwhile. Yours is not saved: ${text}`
            : `The topic is not saved: “${text}”. ${error.message}`,
        );
      }
    });
  }

  sendTypingHint(roomId: string): void {
    // A lost hint does no harm, so its failure is not shown.
    postTyping(roomId).catch(() => {});
  }

  async #try(request: () => Promise<void>): Promise<void> {
    try {
      await request();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#onProblem(`That did not work. ${error.message}`);
    }
  }
}
