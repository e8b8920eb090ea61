/** The size of an event's text, in bytes: its JSON then has 200 bytes. */
export const TEXT_BYTES = 175;
