/** An emoji of Unicode's list, for example a flag or a family: several code points, some of them invisible. */
const EMOJI = new RegExp("\\p{RGI_Emoji}", "gv");
/**
 * A character that a reader does not see, or that turns the text after it around. Besides Unicode's own list these are
 * format characters, which only some fonts show, private characters, those that are none, the empty Braille pattern, a
 * musical sign without ink, and the signs for an object and for a character that is missing.
 */
export const HIDDEN =
  /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Noncharacter_Code_Point}\u2800\u{1D159}\ufffc\ufffd]/u;
const EACH_HIDDEN = new RegExp(HIDDEN, "gu");
const INK = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Replaces each emoji by an asterisk: the invisible characters inside of it are part of it. */
export function withoutEmoji(text: string): string {
  return text.replaceAll(EMOJI, "*");
}

/** Returns whether a reader sees anything of the text. It takes linear time: the text can be as long as a body. */
export function hasInk(text: string): boolean {
  return INK.test(withoutEmoji(text).replaceAll(EACH_HIDDEN, ""));
}
