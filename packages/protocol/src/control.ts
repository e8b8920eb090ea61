import { formatFrame } from "./frame.ts";

/** The version of PROTOCOL.md that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** Why a channel has a hole before what comes next. */
export type GapReason =
  /** Retention removed reliable events of the channel. */
  | "trimmed"
  /** The position is of another log, or is not a cursor. */
  | "reset"
  /** A failover lost the events up to the position. */
  | "lost";

/** Why the server ends a stream, or a channel on it. */
export type ByeReason = "draining" | "max-age" | "expired" | "forbidden" | "unknown" | "limit";

/** Everything that a stream says about itself; names have no colon, so no event can be taken for one. */
export interface ControlEvents {
  hello: { readonly protocol: number; readonly heartbeat: number; readonly contract: string };
  heartbeat: Readonly<Record<string, never>>;
  /** A `latest` value was withdrawn or has expired. */
  clear: { readonly channel: string; readonly type: string; readonly key: string };
  gap: { readonly channels: Readonly<Record<string, GapReason>> };
  /** With `channels`, only these end. */
  bye: { readonly reason: ByeReason; readonly channels?: readonly string[] };
}

/** A control event as text. */
export function formatControl<Name extends keyof ControlEvents>(
  name: Name,
  data: ControlEvents[Name],
  id: string | null = null,
): string {
  return formatFrame(name, JSON.stringify(data), id);
}

/** The name of an event's frame. */
export function eventName(path: string, type: string): string {
  return `${path}:${type}`;
}

/** The path and type of an event's frame, or null for a control event. */
export function parseEventName(name: string): { readonly channel: string; readonly type: string } | null {
  const colon = name.indexOf(":");
  return colon === -1 ? null : { channel: name.slice(0, colon), type: name.slice(colon + 1) };
}
