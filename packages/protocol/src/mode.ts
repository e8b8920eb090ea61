/**
 * What is promised for an event (PROTOCOL.md, section 5.4).
 * - `reliable`: every event, within retention. A gap announces a hole.
 * - `latest`: the newest event of its key. Superseded ones are skipped.
 * - `volatile`: only to a reader that reads within 5 seconds.
 */
export type Mode = "reliable" | "latest" | "volatile";

/** The type of the event that ends its channel (PROTOCOL.md, section 5.7). No other event has it. */
export const END_TYPE = "end";
