import * as z from "zod/mini";
import { hasInk } from "./ink.ts";
import { Text, Topic } from "./words.ts";

/** Characters that turn the text after them around, up to the end of the line. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/u;

function isReadable(text: string): boolean {
  return hasInk(text) && !TURNING.test(text);
}

/**
 * A text that somebody sends now: a reader sees something of it, and it does not turn around. Other invisible
 * characters may be in it, because texts are pasted from everywhere. A stored text keeps the rules of `Text`.
 */
export const NewText = Text.check(z.refine(isReadable));

/** A topic that somebody sets now: the same rules, but it may be empty. */
export const NewTopic = Topic.check(z.refine((text) => text === "" || isReadable(text)));
