import { refuse } from "./contract-error.ts";
import type { AnyChannel, Contract } from "./contract.ts";
import { isSchema } from "./event.ts";
import { isParam, MAX_PATH, type PathPattern } from "./path.ts";

// What a contract has to keep to, whoever uses it. A hub looks once, when it is created; browsers load none of this, since no
// client works without a hub.

/** `rooms` or `:roomId`. `__proto__` is no param: in an object literal it sets the prototype instead of a property. */
const SEGMENT = /^(:(?!__proto__$)[A-Za-z_]\w*|[\w-][\w.-]*)$/;
const EVENT_TYPE = /^[A-Za-z0-9_.-]+$/;
/** Handlers share a record with these names; in the literal of one, `__proto__` would set the prototype. */
const RESERVED: readonly string[] = ["snapshot", "onGap", "onClear", "onError", "onClose", "__proto__"];

/**
 * Checks all that the types cannot say.
 * @throws ContractError `bad-contract` for a malformed name, pattern, event type, duration or snapshot, and when two patterns could
 *   make the same path
 */
export function checkContract(contract: Contract): void {
  const channels = Object.values(contract);
  for (const [index, channel] of channels.entries()) {
    const { name, pattern, snapshot } = channel;
    const where = `Channel "${name}"`;
    if (name === "__proto__") refuse(where, "another name", name);
    checkPattern(pattern);
    const other = channels.slice(0, index).find((before) => overlaps(pattern, before.pattern));
    if (other) refuse(where, `paths that "${other.name}" (${other.pattern.text}) cannot make`, pattern.text);
    checkEvents(where, channel);
    if (snapshot !== undefined && !isSchema(snapshot)) {
      refuse(where, "the snapshot to be a schema of zod 4", typeof snapshot);
    }
  }
}

function checkPattern({ text, segments }: PathPattern): void {
  const where = `Pattern "${text}"`;
  const wrong = segments.find((segment) => !SEGMENT.test(segment));
  if (wrong !== undefined) refuse(where, `segments like "rooms" or ":roomId", separated by "/"`, `"${wrong}"`);
  const twice = segments.find((segment, index) => isParam(segment) && segments.indexOf(segment) < index);
  if (twice !== undefined) refuse(where, "each param once", `"${twice}" twice`);
  // A param has one byte at least.
  const shortest = text.replaceAll(/:\w+/g, "x").length;
  if (shortest > MAX_PATH) refuse(where, `a path of ${MAX_PATH} bytes at most`, shortest);
}

function checkEvents(where: string, { events }: AnyChannel): void {
  for (const [type, { expires }] of Object.entries(events)) {
    if (!EVENT_TYPE.test(type) || RESERVED.includes(type)) {
      refuse(where, `event types of letters, digits, "_", "." and "-", none of ${RESERVED.join(", ")}`, `"${type}"`);
    }
    if (expires !== null && !(Number.isFinite(expires) && expires > 0)) {
      refuse(where, `"expires" of "${type}" to be a finite number of milliseconds above 0, or to be left out`, expires);
    }
  }
}

/** Whether some path belongs to both patterns. */
export function overlaps({ segments }: PathPattern, other: PathPattern): boolean {
  return (
    segments.length === other.segments.length &&
    segments.every((segment, index) => {
      const their = other.segments[index] ?? "";
      return isParam(segment) || isParam(their) || segment === their;
    })
  );
}
