import * as z from "zod/mini";

/** The longest name, in UTF-16 units: what `maxlength` in HTML counts. */
export const MAX_NAME = 40;
/** The longest text of a message, in UTF-16 units. */
export const MAX_TEXT = 2_000;

/** Who somebody says they are: one line, without spaces around it. */
export const Name = z
  .string()
  .check(z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u), z.regex(/^\S(.*\S)?$/u), z.maxLength(MAX_NAME));

/** What somebody says: any text that is more than white space. */
export const Text = z.string().check(z.regex(/\S/u), z.maxLength(MAX_TEXT));
