import type { Mutation } from "../../mutation/mutation.ts";
import type { ScenarioName } from "../scenarios/index.ts";

/** The packages with one law broken. */
export interface Mutant {
  /** The law, by its number in ARCHITECTURE.md, or the rule of a mode. */
  readonly law: string;
  /** What this copy does instead. */
  readonly breaks: string;
  readonly mutation: Mutation;
  /** The story that leads to the law: the mutant must fail in one of its first runs. */
  readonly scenario: ScenarioName;
}

export function breaking(law: string, breaks: string, mutation: Mutation, scenario: ScenarioName): Mutant {
  return { law, breaks, mutation, scenario };
}
