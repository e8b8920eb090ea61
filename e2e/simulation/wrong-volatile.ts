import type { SeenOf } from "./diary.ts";
import type { Fact } from "./fact.ts";

/** Milliseconds that a volatile event is owed. */
const OWED = 5_000;

/**
 * What is wrong with a volatile event that somebody has got; null if nothing is.
 * @param grace milliseconds by which it may be older; `Infinity` where nobody knows when it was sent
 */
export function wrongVolatile(fact: Fact, { n, id, sentAt }: SeenOf<"event">, grace: number): string | null {
  if (id !== null) return `volatile events have no id: ${n} came with ${id}`;
  const age = sentAt - fact.at;
  return age <= OWED + grace ? null : `volatile events are owed for five seconds: ${n} was sent after ${age} ms`;
}
