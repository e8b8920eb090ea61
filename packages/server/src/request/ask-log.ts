import { isInstance } from "../runtime/is-instance.ts";
import type { Trace } from "../runtime/trace.ts";
import type { Tailer } from "../window/tailer.ts";
import { hasLeft } from "./has-left.ts";
import { Refusal } from "./refusal.ts";

export interface AskLogNeeds {
  readonly tailer: Pick<Tailer, "ready">;
  readonly trace: Pick<Trace, "add">;
  readonly closing: AbortSignal;
}

/**
 * Asks the log, once the ring has its first position.
 *
 * @param reader who may leave meanwhile
 * @throws Refusal 503 when the log does not answer, and when the client has left
 */
export async function askLog<Answer>(
  { tailer, trace, closing }: AskLogNeeds,
  reader: Parameters<typeof hasLeft>[0],
  question: () => Promise<Answer>,
): Promise<Answer> {
  try {
    await tailer.ready();
    return await question();
  } catch (error) {
    if (isInstance(error, Refusal)) throw error;
    if (hasLeft(reader)) throw new Refusal(503, "unavailable", { detail: "The client has left." });
    if (closing.aborted) throw new Refusal(503, "draining");
    trace.add("error", "read-failed", { error });
    throw new Refusal(503, "unavailable", { detail: "The log does not answer." });
  }
}
