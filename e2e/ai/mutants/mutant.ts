import type { DirectedMutant } from "../../mutation/describe-hunt.ts";
import type { Subject } from "../stories/index.ts";

/** A package that breaks a sentence of docs/guides/resumable-ai-answers.md or docs/decisions/ai.md. */
export type Mutant = DirectedMutant<Subject>;
