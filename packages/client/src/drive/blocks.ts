import {
  parseEventName,
  type ByeReason,
  type ControlEvents,
  type PageEvent,
  type ServerSentEvent,
} from "@tidings/protocol";
import type { Ending } from "../state/ending.ts";
import { unexpected } from "../stream-error.ts";

/** One block of a stream. Its data is null where it has more bytes than it may have. */
export interface StreamBlock extends Omit<ServerSentEvent, "data"> {
  readonly data: string | null;
}

/** The fields of control events. A newer or a strange server may leave any of them out, or send another type. */
type ControlData = ControlEvents["hello"] &
  ControlEvents["clear"] &
  Pick<ControlEvents["bye"], "reason"> & { readonly channels: unknown };

/** The fields of a control event. None where it is no JSON. */
export function parseControl(json: string | null): ControlData {
  try {
    return Object(JSON.parse(json ?? "")) as ControlData;
  } catch {
    return {} as ControlData;
  }
}

/** An event of a channel on a stream. Its data is parsed where somebody wants it: what nobody follows never is. */
class StreamEvent {
  readonly channel: string;
  readonly type: string;
  readonly #json: string | null;

  constructor(channel: string, type: string, json: string | null) {
    this.channel = channel;
    this.type = type;
    this.#json = json;
  }

  /** @throws StreamError where it is too large @throws SyntaxError where it is no JSON */
  get data(): unknown {
    if (this.#json === null) {
      throw unexpected("event-too-large", 'at most "maxEventBytes" bytes', "more");
    }
    return JSON.parse(this.#json) as unknown;
  }
}

/** An event of a channel. Null for a control event. @param json null where it is too large */
export function parseEvent(event: string, json: string | null): PageEvent | null {
  const name = parseEventName(event);
  return name && new StreamEvent(name.channel, name.type, json);
}

/** Why a server ends a stream. */
const BYE_REASONS = new Set<ByeReason>(["draining", "max-age", "expired", "limit", "forbidden", "unknown"]);

/** How a bye ends a stream, or some of its paths. Null where it says nothing. */
export function parseBye(json: string | null): Ending | null {
  const { reason, channels } = parseControl(json);
  const paths = Array.isArray(channels) ? (channels as string[]) : undefined;
  // Whatever else a server says is a failed attempt.
  const known = BYE_REASONS.has(reason) ? reason : "unavailable";
  return typeof reason === "string" ? { reason: known, channels: paths } : null;
}
