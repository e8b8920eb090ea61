import { refuse } from "./contract-error.ts";
import type { AnyChannel, Contract } from "./contract.ts";
import { isSchema } from "./event.ts";
import { END_TYPE } from "@tidings/protocol/mode";
import { isParam, MAX_PATH, type PathPattern } from "./path.ts";

// The rules of a contract. A hub checks them once, when it is created. Browsers do not load this file: every client has
// a hub, and the hub has checked the contract.

/** `rooms` or `:roomId`. `__proto__` cannot be a param: in an object literal it sets the prototype, not a property. */
const SEGMENT = /^(:(?!__proto__$)[A-Za-z_]\w*|[\w-][\w.-]*)$/;
const EVENT_TYPE = /^[A-Za-z0-9_.-]+$/;
/**
 * Names that no event type can have. The first is the type of what `hub.end` publishes. Handlers of events share one
 * record with the next seven; in an object literal, `__proto__` would set the prototype.
 */
const RESERVED: readonly string[] = [
  END_TYPE,
  "snapshot",
  "onGap",
  "onClear",
  "onEnd",
  "onUnreadable",
  "onError",
  "onClose",
  "__proto__",
];

/**
 * Checks everything that the types cannot express.
 *
 * @throws ContractError `bad-contract` if a name, pattern, event type, duration, snapshot or end is malformed, or if
 *   two patterns can make the same path
 */
export function checkContract(contract: Contract): void {
  const channels = Object.values(contract);
  for (const [index, channel] of channels.entries()) {
    const { name, pattern, snapshot, unreadable, end } = channel;
    const where = `Channel "${name}"`;
    if (name === "__proto__") refuse(where, "another name", name);
    checkPattern(pattern);
    const rival = channels.slice(0, index).find((earlier) => overlaps(pattern, earlier.pattern));
    if (rival) {
      refuse(where, `a pattern whose paths "${rival.name}" (${rival.pattern.text}) cannot make`, pattern.text);
    }
    checkEvents(where, channel);
    if (snapshot !== undefined && !isSchema(snapshot)) {
      refuse(where, "the snapshot to be a schema of zod 4", typeof snapshot);
    }
    if (unreadable !== "gap" && unreadable !== "skip") refuse(where, '"unreadable" to be "gap" or "skip"', unreadable);
    if (end !== undefined && !isSchema(end)) refuse(where, "the end to be a schema of zod 4", typeof end);
  }
}

function checkPattern({ text, segments }: PathPattern): void {
  const where = `Pattern "${text}"`;
  const malformed = segments.find((segment) => !SEGMENT.test(segment));
  if (malformed !== undefined) refuse(where, `segments like "rooms" or ":roomId", separated by "/"`, `"${malformed}"`);
  const repeated = segments.find((segment, index) => isParam(segment) && segments.indexOf(segment) < index);
  if (repeated !== undefined) refuse(where, "each param once", `"${repeated}" twice`);
  // The value of a param has at least one byte.
  const shortestPath = text.replaceAll(/:\w+/g, "x").length;
  if (shortestPath > MAX_PATH) refuse(where, `a path of at most ${MAX_PATH} bytes`, shortestPath);
}

function checkEvents(where: string, { events }: AnyChannel): void {
  for (const [type, event] of Object.entries(events)) {
    if (!EVENT_TYPE.test(type) || RESERVED.includes(type)) {
      refuse(where, `event types of letters, digits, "_", "." and "-", none of ${RESERVED.join(", ")}`, `"${type}"`);
    }
    // Plain JavaScript may pass anything.
    const keyType: string = typeof event.key;
    const { expires } = event;
    if (keyType !== "function") refuse(where, `"key" of "${type}" to be a function`, keyType);
    if (expires !== null && !(Number.isFinite(expires) && expires > 0)) {
      refuse(where, `"expires" of "${type}" to be a finite number of milliseconds above 0, or to be left out`, expires);
    }
  }
}

/** Whether at least one path belongs to both patterns. */
export function overlaps({ segments }: PathPattern, other: PathPattern): boolean {
  return (
    segments.length === other.segments.length &&
    segments.every((segment, index) => {
      const otherSegment = other.segments[index] ?? "";
      return isParam(segment) || isParam(otherSegment) || segment === otherSegment;
    })
  );
}
