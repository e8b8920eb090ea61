import { catchingUp } from "./catching-up.ts";
import { joining } from "./joining.ts";
import { leading } from "./leading.ts";
import { lostMessages } from "./lost-messages.ts";
import type { Stories } from "./story.ts";

/** What docs/decisions/tabs.md promises, by subject. */
export const stories = {
  "who catches up": catchingUp,
  "messages that are lost": lostMessages,
  "who comes and goes": joining,
  "who leads": leading,
} satisfies Readonly<Record<string, Stories>>;

export type { Story } from "./story.ts";
export type Subject = keyof typeof stories;
