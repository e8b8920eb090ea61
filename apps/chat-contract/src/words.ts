import * as z from "zod/mini";

/** The longest name of somebody, in UTF-16 units: what `maxlength` in HTML counts. */
export const MAX_NAME = 40;
/** The longest name of a room, in UTF-16 units. */
export const MAX_ROOM_NAME = 60;
/** The longest topic of a room, in UTF-16 units. */
export const MAX_TOPIC = 200;
/** The longest text of a message, in UTF-16 units. */
export const MAX_TEXT = 2_000;

/** What a name may take in an address, percent-encoded: a path has 256 bytes at most. */
const MAX_ENCODED = 200;

const oneLine = z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
const noSpacesAround = z.regex(/^\S(.*\S)?$/u);
// Half a surrogate pair cannot be encoded at all.
const fitsIntoAddress = z.refine<string>(
  (name) => name.isWellFormed() && encodeURIComponent(name).length <= MAX_ENCODED,
);

/** Who somebody says they are: one line, without spaces around it, that fits into an address. */
export const Name = z.string().check(oneLine, noSpacesAround, z.maxLength(MAX_NAME), fitsIntoAddress);

/** What a room is called: a name, a little longer. */
export const RoomName = z.string().check(oneLine, noSpacesAround, z.maxLength(MAX_ROOM_NAME), fitsIntoAddress);

/** What a room is about: one line, or nothing. */
export const Topic = z.string().check(oneLine, z.maxLength(MAX_TOPIC));

/** What somebody says: any text that is more than white space. */
export const Text = z.string().check(z.regex(/\S/u), z.maxLength(MAX_TEXT));
