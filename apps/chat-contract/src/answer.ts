import * as z from "zod/mini";
import { MAX_TEXT, Name } from "./words.ts";

/** The name of the chat's assistant. A person who mentions it gets an answer. Nobody can sign in with it. */
export const ASSISTANT = "Tea";

/** The most words, which are the events, of one answer: a single page of history has all of them. */
export const MAX_WORDS = 400;

/** What stands for a part of an answer that is not there. */
export const ELLIPSIS = "…";

/** One word of an answer, with the space or the line break around it. */
export const Word = z.object({
  text: z.string().check(z.minLength(1), z.maxLength(MAX_TEXT)),
  /** 1, 2, 3 … within the answer. It is missing in events of older versions of the chat. */
  number: z.optional(z.int().check(z.positive())),
});
export type Word = z.infer<typeof Word>;

/** Adds a word to the text so far. If the words before it are gone, the text begins with an ellipsis. */
export function addWord(text: string, { text: word, number = 1 }: Word): string {
  const lacksBeginning = text === "" && number > 1;
  return (lacksBeginning ? ELLIPSIS : text) + word;
}

/** How an answer has ended. */
export const AnswerEnd = z.discriminatedUnion("state", [
  z.object({ state: z.literal("done") }),
  /** A member of the room has stopped it. */
  z.object({ state: z.literal("stopped"), by: Name }),
  /** Its server has died or was restarted, or the model has failed. */
  z.object({ state: z.literal("interrupted") }),
]);
export type AnswerEnd = z.infer<typeof AnswerEnd>;

/** How far an answer is. */
export const AnswerState = z.discriminatedUnion("state", [z.object({ state: z.literal("writing") }), AnswerEnd]);
export type AnswerState = z.infer<typeof AnswerState>;
