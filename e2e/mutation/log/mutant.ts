import type { LawName } from "@tidings/log/conformance";
import type { Mutation } from "../mutation.ts";

/** One way to break a promise of a log. */
export interface Mutant {
  /** The law whose tests must fail. */
  readonly law: LawName;
  /** What the broken log does. */
  readonly breaks: string;
  readonly mutation: Mutation;
}

/** A group of mutants that break the same law: what each does, and how. */
export function breaking(law: LawName, mutations: Readonly<Record<string, Mutation>>): readonly Mutant[] {
  return Object.entries(mutations).map(([breaks, mutation]) => ({ law, breaks, mutation }));
}
