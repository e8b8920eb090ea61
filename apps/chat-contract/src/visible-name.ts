import * as z from "zod/mini";
import { hasInk, HIDDEN, withoutEmoji } from "./ink.ts";
import { Name, RoomName } from "./words.ts";

/** A joiner between two letters of a script whose words need it, for example Persian or Hindi. */
const JOINER = new RegExp(`(?<=${letterOfJoiningScript()})[\\u200c\\u200d](?=${letterOfJoiningScript()})`, "gu");
function letterOfJoiningScript(): string {
  const scripts = ["Arabic", "Syriac", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu"];
  const more = ["Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar", "Tibetan", "Mongolian"];
  return `[${[...scripts, ...more].map((script) => `\\p{Script=${script}}`).join("")}]`;
}

/**
 * Marks without a letter before them stand on what is beside the name, and a pile of them reaches into other lines.
 * Marks that take room of their own stand beside each other: a syllable of Burmese has five marks and more.
 */
const MISPLACED_MARKS = /^\p{M}|[\p{Mn}\p{Me}]{5}/u;

/** Each step replaces or finds in linear time: the text can be as long as a body. */
function isVisible(name: string): boolean {
  const withoutJoiners = withoutEmoji(name).replaceAll(JOINER, "");
  return hasInk(withoutJoiners) && !HIDDEN.test(withoutJoiners) && !MISPLACED_MARKS.test(withoutJoiners);
}

const visible = z.refine<string>(isVisible);
/** Several spaces, and spaces of another kind, look like one. */
const singleSpaces = z.overwrite<string>((text) => text.replaceAll(/\p{Zs}+/gu, " "));

/**
 * A name that somebody chooses now. It has no invisible characters and no piles of marks, and its spaces become single
 * plain ones. So two names that look the same because of them cannot exist. A stored name keeps the rules of `Name`: a
 * room with an older name stays readable.
 */
export const NewName = Name.check(singleSpaces, visible);

/** The name of a room that somebody creates now: the same rules. */
export const NewRoomName = RoomName.check(singleSpaces, visible);
