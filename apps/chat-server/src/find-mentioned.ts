import { MAX_NAME } from "@tidings-apps/chat-contract";
import { toComparableName } from "./comparable-name.ts";
import type { Pause } from "./pause.ts";
import type { People } from "./people.ts";
import { Problem } from "./problem.ts";

/** An `@` that does not follow a letter or digit, so that an email address mentions nobody. */
const AT_SIGN = /(?<![\p{L}\p{M}\p{N}_])@/gu;
const STARTS_IN_WORD = /^[\p{L}\p{M}\p{N}_]/u;

/** The most people that one message can mention: each gets an event, and every snapshot of the room has the names. */
const MAX_MENTIONED = 50;
/** The number of `@` in a text that are searched for between two pauses. */
const STEP = 20;

/**
 * Finds the people who are mentioned in a text by an `@` and their name, each once, in the order of the text. Upper and
 * lower case are equal, the longest name that fits wins, and a name must not end in the middle of a word.
 * @throws Problem 400 if the text mentions more than 50 people
 */
export async function findMentioned(text: string, people: People, pause: Pause): Promise<string[]> {
  const signs = Array.from(text.matchAll(AT_SIGN), ({ index }) => index);
  const mentioned = new Set<string>();
  for (let first = 0; first < signs.length; first += STEP) {
    const step = signs.slice(first, first + STEP);
    for (const name of await findAfter(text, step, people)) mentioned.add(name);
    await pause();
  }
  if (mentioned.size > MAX_MENTIONED) {
    const got = `got one that mentions ${mentioned.size}`;
    throw new Problem(400, `Expected a message that mentions at most ${MAX_MENTIONED} people, ${got}.`);
  }
  return [...mentioned];
}

async function findAfter(text: string, signs: readonly number[], people: People): Promise<string[]> {
  const candidateLists = signs.map((index) => candidatesAfter(text, index + 1));
  // One query for all candidates: one query for each of them takes ten times as long.
  const candidates = [...new Set(candidateLists.flat())];
  const found = new Map<string, string[]>();
  for (const { name, comparable } of await people.findByComparableNames(candidates)) {
    found.set(comparable, [...(found.get(comparable) ?? []), name]);
  }
  return candidateLists.flatMap((list) => {
    const longest = list.find((candidate) => found.has(candidate));
    return longest === undefined ? [] : (found.get(longest) ?? []);
  });
}

/** Returns every text after the `@` that can be a name, in comparable form, the longest first. */
function candidatesAfter(text: string, start: number): string[] {
  const candidates: string[] = [];
  for (let end = Math.min(text.length, start + MAX_NAME); end > start; end--) {
    // Two UTF-16 units: the next character can be a surrogate pair.
    const endsInWord = STARTS_IN_WORD.test(text.slice(end, end + 2));
    if (!endsInWord) candidates.push(toComparableName(text.slice(start, end)));
  }
  return candidates;
}
