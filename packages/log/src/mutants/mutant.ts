import type { LawName } from "../conformance/law.ts";

/** One way to break a promise: a change of the memory log's source. */
export interface Mutant {
  /** Whose tests must notice. */
  readonly law: LawName;
  /** What the broken log does. */
  readonly breaks: string;
  readonly file: string;
  /** Every occurrence is replaced; there must be one. */
  readonly from: string;
  readonly to: string;
}

export function inLog(law: LawName, breaks: string, from: string, to: string): Mutant {
  return { law, breaks, file: "memory-log.ts", from, to };
}
