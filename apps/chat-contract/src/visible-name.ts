import * as z from "zod/mini";
import { Name, RoomName } from "./words.ts";

/** An emoji of Unicode's list, for example a flag or a family: several code points, some of them invisible. */
const EMOJI = new RegExp("\\p{RGI_Emoji}", "gv");
/** A joiner between two letters of a script whose words need it, for example Persian or Hindi. */
const JOINER = new RegExp(`(?<=${letterOfJoiningScript()})[\\u200c\\u200d](?=${letterOfJoiningScript()})`, "gu");
/**
 * Characters that a reader does not see, or that turn the text after them around. Besides Unicode's own list these are
 * private characters, the empty Braille pattern, a musical sign without ink, and marks of annotations.
 */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Co}\u2800\u{1D159}\ufff9-\uffff]/u;
const INK = /[\p{L}\p{N}\p{P}\p{S}]/u;

function letterOfJoiningScript(): string {
  const scripts = ["Arabic", "Syriac", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil", "Telugu"];
  const more = ["Kannada", "Malayalam", "Sinhala", "Khmer", "Myanmar", "Tibetan", "Mongolian"];
  return `[${[...scripts, ...more].map((script) => `\\p{Script=${script}}`).join("")}]`;
}

/** Each step replaces or finds in linear time: the text can be as long as a body. */
function isVisible(name: string): boolean {
  const withoutEmoji = name.replaceAll(EMOJI, "*");
  const withoutJoiners = withoutEmoji.replaceAll(JOINER, "");
  return INK.test(withoutJoiners) && !HIDDEN.test(withoutJoiners);
}

const visible = z.refine<string>(isVisible);

/**
 * A name that somebody chooses now. It has no invisible characters, so two names that look the same because of them
 * cannot exist. A stored name keeps the rules of `Name`: a room with an older name stays readable.
 */
export const NewName = Name.check(visible);

/** The name of a room that somebody creates now: the same rules. */
export const NewRoomName = RoomName.check(visible);
