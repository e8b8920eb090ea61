import { isConflict } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";

/** The reason of a {@link PublishError}, for programs. People read the message. */
export type PublishErrorCode =
  /** The newest value of the key is not the one that `expects` names. */
  "conflict";

/** The log has refused an event that fits the contract. Nothing was published. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: PublishErrorCode;
  /** The `id` of the value that is there instead; null if there is none. */
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
    if (!isConflict(error)) throw error;
    const cursor = error.cursor === null ? null : formatCursor(error.cursor);
    throw new PublishError("conflict", error.message, cursor, { cause: error });
  }
}
