import { isConflict, isEnded } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";

/** The reason of a {@link PublishError}, for programs. People read the message. */
export type PublishErrorCode =
  /** The newest value of the key is not the one that `expects` names. */
  | "conflict"
  /** The address has ended: nothing can be published to it any more. */
  | "ended";

/** The log has refused an event that fits the contract. Nothing was published. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: PublishErrorCode;
  /**
   * Of a conflict the `id` of the value that is there instead; null if there is none. Of an ended address the `id` of
   * its end; null if the same call would have ended it before.
   */
  readonly cursor: string | null;

  constructor(code: PublishErrorCode, message: string, cursor: string | null, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.cursor = cursor;
  }
}

/** Runs an append. @throws PublishError when the log has refused it, and what the log throws otherwise */
export async function refusing<Result>(append: () => Promise<Result>): Promise<Result> {
  try {
    return await append();
  } catch (error) {
    const code = isConflict(error) ? "conflict" : "ended";
    if (!isConflict(error) && !isEnded(error)) throw error;
    const cursor = error.cursor === null ? null : formatCursor(error.cursor);
    throw new PublishError(code, error.message, cursor, { cause: error });
  }
}
