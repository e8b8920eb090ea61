import type { Patch } from "../bundle.ts";

/** The packages with one law broken. */
export interface Mutant extends Patch {
  /** The law, as ARCHITECTURE.md numbers them, or the rule of a mode. */
  readonly law: string;
  /** What this copy does instead. */
  readonly breaks: string;
  /** Whether only schedules on the SQLite log can show it. @default false */
  readonly isOnSqlite?: boolean;
  /** Where the hunt begins, when the first seeds are known to find nothing. @default 1 */
  readonly seed?: number;
}
