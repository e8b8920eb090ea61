import type { Mutation } from "../../mutation/mutation.ts";
import type { Subject } from "../stories/index.ts";

/** A package that breaks a sentence of docs/guides/resumable-ai-answers.md or docs/decisions/ai.md. */
export interface Mutant {
  readonly breaks: string;
  /** The stories that notice. */
  readonly by: Subject;
  readonly mutation: Mutation;
}
