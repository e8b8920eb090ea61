import type { NewEntry } from "@tidings/log";
import { sleep, type Clock } from "@tidings/protocol/clock";
import type { Published } from "../publish/publication.ts";
import { PublishError } from "../publish/publish-error.ts";
import type { Publisher } from "../publish/publisher.ts";

export interface AppendNeeds {
  readonly publisher: Pick<Publisher, "appendAll">;
  readonly clock: Pick<Clock, "monotonic" | "setTimeout">;
  /** Aborted when the log is closed. */
  readonly closed: AbortSignal;
}

interface Doubts {
  /** The most milliseconds until no other attempt is made. */
  readonly patience: number;
  /** What the log has answered to an attempt whose answer got lost; null if that attempt has stored nothing. */
  readonly findStored: () => Promise<readonly Published[] | null>;
}

/** How long to wait after an attempt without an answer, in milliseconds. */
const RETRY_DELAY = 250;

/**
 * Appends a batch, and tries again for as long as nobody can tell whether the log has it. All attempts have the same
 * conditions, so at most one of them is stored. The process stays alive meanwhile: somebody may wait for the answer.
 *
 * @throws PublishError, AppendError `none` when nothing is stored
 * @throws the last error when it is still not certain
 */
export async function appendSurely(
  { publisher, clock, closed }: AppendNeeds,
  batch: readonly NewEntry[],
  { patience, findStored }: Doubts,
): Promise<readonly Published[]> {
  const giveUpAt = clock.monotonic() + patience;
  let isInDoubt = false;
  for (;;) {
    try {
      return await publisher.appendAll(batch);
    } catch (error) {
      if (!isInDoubt && isCertain(error)) throw error;
      isInDoubt = true;
      if (error instanceof PublishError) {
        const stored = await findStored().catch(() => undefined);
        if (stored === null) throw error;
        if (stored !== undefined) return stored;
      }
      if (clock.monotonic() >= giveUpAt || !(await sleep(clock, RETRY_DELAY, closed))) throw error;
    }
  }
}

/** Whether nothing is stored. */
export function isCertain(error: unknown): boolean {
  return error instanceof PublishError || (error as { readonly outcome?: unknown } | null)?.outcome === "none";
}
