import type { NewEntry } from "./event-log.ts";

const MODES: ReadonlySet<unknown> = new Set(["reliable", "latest", "volatile"]);
// oxlint-disable-next-line no-control-regex -- NUL is one of the three characters that break a field of a stream
const BREAKS = /[\r\n\0]/;

/**
 * Refuses a batch with an entry that no reader could get, or that no stream could go on after. The types forbid it, but
 * an entry may come from JSON, as that of an outbox does.
 *
 * @throws TypeError that names the field of the first such entry
 */
export function checkEntries(batch: readonly NewEntry[]): void {
  if (!Array.isArray(batch)) throw new TypeError(`Expected a list of entries, got ${format(batch)}.`);
  // Safe: each member is looked at as if it could be anything.
  (batch as readonly unknown[]).forEach((entry, index) => checkEntry(entry, index + 1));
}

function checkEntry(entry: unknown, number: number): void {
  if (typeof entry !== "object" || entry === null) {
    throw new TypeError(`Expected entry ${number} to be an object, got ${format(entry)}.`);
  }
  const { channel, type, mode, key, data, expires, expects, idempotencyKey } = entry as Record<keyof NewEntry, unknown>;
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new TypeError(`Expected "${field}" of entry ${number} to be ${expected}, got ${format(got)}.`);
  };
  if (!isName(channel)) refuse("channel", 'the path of an address, such as "rooms/lobby"', channel);
  if (!isName(type)) refuse("type", "the name of an event, without line breaks", type);
  if (!MODES.has(mode)) refuse("mode", '"reliable", "latest" or "volatile"', mode);
  if (typeof data !== "string" && (data !== null || mode !== "latest")) {
    refuse("data", "a text of JSON, or null for a latest entry that withdraws a value", data);
  }
  if (key !== undefined && typeof key !== "string") refuse("key", "a text", key);
  if (expires !== undefined && !isLifetime(expires)) refuse("expires", "a number of milliseconds above 0", expires);
  if (expects !== undefined && !isPosition(expects)) refuse("expects", "a cursor { epoch, seq }, or null", expects);
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string") {
    refuse("idempotencyKey", "a text", idempotencyKey);
  }
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !BREAKS.test(value);
}

function isLifetime(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

/** Null stands for no value. */
function isPosition(value: unknown): boolean {
  if (value === null) return true;
  // Safe: whatever it is, its members are only looked at.
  const { epoch, seq } = Object(value) as Record<string, unknown>;
  return typeof epoch === "string" && typeof seq === "number";
}

/** The most characters of a value that an error quotes. */
const MAX_QUOTED = 40;

function format(value: unknown): string {
  if (typeof value !== "string") return value === null ? "null" : typeof value;
  const quoted = value.slice(0, MAX_QUOTED);
  return JSON.stringify(quoted) + (quoted === value ? "" : "…");
}
