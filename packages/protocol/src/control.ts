import { formatFrame } from "./frame.ts";

/** The version of PROTOCOL.md that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** Why events of a channel are missing before the next event. */
export type GapReason =
  /** Retention removed reliable events of the channel. */
  | "trimmed"
  /** The position belongs to another log, or is not a cursor. */
  | "reset"
  /** A failover lost the events up to the position. */
  | "lost";

/** Why the server ends a stream, or one channel of it (PROTOCOL.md, section 5.6). */
export type ByeReason = "draining" | "max-age" | "expired" | "forbidden" | "unknown" | "limit";

/** The control events, by name. A name has no colon, and the name of every other event has one. */
export interface ControlEvents {
  /** The first event of a stream. `heartbeat` is the interval in milliseconds, `contract` a fingerprint. */
  hello: { readonly protocol: number; readonly heartbeat: number; readonly contract: string };
  heartbeat: Readonly<Record<string, never>>;
  /** A `latest` value was withdrawn or has expired. */
  clear: { readonly channel: string; readonly type: string; readonly key: string };
  /** By path, the channels that have lost events. */
  gap: { readonly channels: Readonly<Record<string, GapReason>> };
  /** With `channels`, only these end; without, the whole stream ends. */
  bye: { readonly reason: ByeReason; readonly channels?: readonly string[] };
}

/**
 * A control event as the text of its frame.
 *
 * @param id a cursor token, or null for a frame that must not move the reader's position @default null
 */
export function formatControl<Name extends keyof ControlEvents>(
  name: Name,
  data: ControlEvents[Name],
  id: string | null = null,
): string {
  return formatFrame(name, JSON.stringify(data), id);
}

/** The name that an event has in its frame: `<path>:<type>`. */
export function eventName(path: string, type: string): string {
  return `${path}:${type}`;
}

/** The path and type in the name of a frame. */
interface EventName {
  readonly channel: string;
  readonly type: string;
}

let lastName = "";
let lastParts: EventName | null = null;

/**
 * The path and type in the name of a frame; null for the name of a control event.
 *
 * Mostly the next frame has the same name, and then gets the same texts. Everything that is looked up by them is found
 * faster: the engine has to hash a new text, but knows this one already.
 */
export function parseEventName(name: string): EventName | null {
  if (name !== lastName) {
    const colon = name.indexOf(":");
    lastName = name;
    lastParts = colon === -1 ? null : { channel: name.slice(0, colon), type: name.slice(colon + 1) };
  }
  return lastParts;
}
