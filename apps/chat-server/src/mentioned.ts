import { MAX_NAME } from "@tidings-apps/chat-contract";
import { fold } from "./fold.ts";
import type { People } from "./people.ts";

const SIGN = /(?<![\p{L}\p{M}\p{N}_])@/gu;
const IN_WORD = /^[\p{L}\p{M}\p{N}_]/u;

/** Who is named in a text by `@` and their name, in that order: capital or small, the longest name that fits, and no part of a word. */
export function findMentioned(text: string, people: People): string[] {
  const signs = Array.from(text.matchAll(SIGN), ({ index }) => candidatesAfter(text, index + 1));
  const known = people.named([...new Set(signs.flat())]);
  const mentioned = signs.flatMap((candidates) => {
    const longest = candidates.find((each) => known.some(({ folded }) => folded === each));
    return known.filter(({ folded }) => folded === longest).map(({ name }) => name);
  });
  return [...new Set(mentioned)];
}

/** What may be a name there, folded, the longest first. */
function candidatesAfter(text: string, start: number): string[] {
  const candidates: string[] = [];
  for (let end = Math.min(text.length, start + MAX_NAME); end > start; end--) {
    const followedByWord = IN_WORD.test(text.slice(end, end + 2));
    if (!followedByWord) candidates.push(fold(text.slice(start, end)));
  }
  return candidates;
}
