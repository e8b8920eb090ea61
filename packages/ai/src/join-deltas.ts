import type { Chunk } from "./run.ts";

/** The chunks that add to a text: the field that says to which one, and the field of what is added. */
const DELTAS: ReadonlyMap<string, readonly [of: string, added: string]> = new Map([
  // The AI SDK.
  ["text-delta", ["id", "delta"]],
  ["reasoning-delta", ["id", "delta"]],
  ["tool-input-delta", ["toolCallId", "inputTextDelta"]],
  // TanStack AI.
  ["TEXT_MESSAGE_CONTENT", ["messageId", "delta"]],
  ["REASONING_MESSAGE_CONTENT", ["messageId", "delta"]],
  ["TOOL_CALL_ARGS", ["toolCallId", "delta"]],
]);

/**
 * Joins two chunks that follow one another and add to the same text, so that a page shows a whole replay at once. Of
 * other fields the newest value counts.
 *
 * @returns null if they are not to be joined
 */
export function joinDeltas(one: Chunk, next: Chunk): Chunk | null {
  const fields = DELTAS.get(one.type);
  if (fields === undefined || one.type !== next.type) return null;
  // Safe: a chunk is an object of JSON.
  const [before, after] = [one, next] as unknown as readonly Readonly<Record<string, unknown>>[];
  const [of, added] = fields;
  const [text, more] = [before?.[added], after?.[added]];
  if (before?.[of] !== after?.[of] || typeof text !== "string" || typeof more !== "string") return null;
  return { ...one, ...next, [added]: text + more };
}
