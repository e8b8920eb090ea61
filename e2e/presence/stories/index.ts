import { bounds } from "./bounds.ts";
import { cost } from "./cost.ts";
import { death } from "./death.ts";
import { deployment } from "./deployment.ts";
import { gap } from "./gap.ts";
import { longAbsence, longStay } from "./long-stay.ts";
import { number } from "./number.ts";
import { people } from "./people.ts";
import { slowness } from "./slowness.ts";
import { state } from "./state.ts";
import type { Stories } from "./story.ts";

/** What presence promises, by subject. */
export const stories = {
  "who is there": people,
  "the state of a person": state,
  "a server that dies": death,
  "a server that was only slow": slowness,
  "a deployment": deployment,
  "a gap": gap,
  bounds,
  "only the number": number,
  "what it costs": cost,
  "a long stay": longStay,
  "a long absence": longAbsence,
} satisfies Readonly<Record<string, Stories>>;

export type { Story } from "./story.ts";
export type Subject = keyof typeof stories;
