import * as z from "zod/mini";

/** The longest name of a person, in UTF-16 units: HTML's `maxlength` counts the same units. */
export const MAX_NAME = 40;
/** The longest name of a room, in UTF-16 units. */
export const MAX_ROOM_NAME = 60;
/** The longest topic of a room, in UTF-16 units. */
export const MAX_TOPIC = 200;
/** The longest text of a message, in UTF-16 units. */
export const MAX_TEXT = 2_000;

/** The most bytes that a name may take in an address, percent-encoded: a whole path has at most 256 bytes. */
const MAX_ENCODED = 200;

const oneLine = z.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u);
const noSpacesAround = z.regex(/^\S(.*\S)?$/u);
// Half a surrogate pair cannot be percent-encoded.
const fitsIntoAddress = z.refine<string>(
  (name) => name.isWellFormed() && encodeURIComponent(name).length <= MAX_ENCODED,
);

/** The name of a person: one line, without spaces around it, short enough for an address. */
export const Name = z.string().check(oneLine, noSpacesAround, z.maxLength(MAX_NAME), fitsIntoAddress);

/** The name of a room: the same rules as for a person, but it may be longer. */
export const RoomName = z.string().check(oneLine, noSpacesAround, z.maxLength(MAX_ROOM_NAME), fitsIntoAddress);

/** The topic of a room: one line; empty if the room has no topic. */
export const Topic = z.string().check(oneLine, z.maxLength(MAX_TOPIC));

/** The text of a message: it has at least one character that is not white space. */
export const Text = z.string().check(z.regex(/\S/u), z.maxLength(MAX_TEXT));
