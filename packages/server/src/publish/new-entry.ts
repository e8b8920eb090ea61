import {
  ContractError,
  decode,
  findEnd,
  findEvent,
  type Address,
  type Contract,
  type EventDefinition,
} from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import { byteLength, type NewEntry } from "@tidings/log";
import { parseCursor, type Cursor } from "@tidings/protocol";
import { END_TYPE } from "@tidings/protocol/mode";
import { checkType, typeNameOf } from "@tidings/protocol/checks";
import { isUnwantedPromise } from "../runtime/unwanted-promise.ts";
import type { Limits } from "../runtime/limits.ts";
import { toBytes } from "../wire/bytes.ts";
import { checkAddress } from "./check-address.ts";
import type { AnyPublication, PublishOptions } from "./publication.ts";

/** What it takes to make log entries of events. */
export interface EntryNeeds {
  readonly contract: Contract;
  readonly encoders: Encoders;
  readonly limits: Pick<Limits, "eventBytes">;
}

/** What turns data into JSON. */
export interface Encoders {
  readonly events: ReadonlyMap<EventDefinition, Encoder>;
  /** By the name of the channel. */
  readonly ends: ReadonlyMap<string, Encoder>;
}

/**
 * An encoder for every event of a contract, and for the end of every channel that declares one.
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 */
export function createEncoders(contract: Contract): Encoders {
  const events = new Map<EventDefinition, Encoder>();
  const ends = new Map<string, Encoder>();
  for (const channel of Object.values(contract)) {
    const { name, end } = channel;
    for (const [type, event] of Object.entries(channel.events)) {
      events.set(event, createEncoder(event.schema, `${name}.${type}`));
    }
    if (end !== undefined) ends.set(name, createEncoder(end, `${name}.${END_TYPE}`));
  }
  return { events, ends };
}

/**
 * The log entry of an event: validated, encoded once, within the size limit.
 * @throws ContractError `unknown-channel`, `unknown-event`, `invalid-data`
 * @throws TypeError for a type or an idempotency key that is no string
 */
export function eventEntry({ contract, encoders, limits }: EntryNeeds, publication: AnyPublication): NewEntry {
  const { address, type, data, idempotencyKey, expects } = publication;
  checkAddress(address);
  checkType("type", type, "string");
  checkType("idempotencyKey", idempotencyKey, "string");
  const event = findEvent(contract, address, type);
  const json = encoders.events.get(event)?.(data) ?? "";
  checkSize(address, type, json, limits.eventBytes);
  return checkKeys(address, {
    channel: address.path,
    type,
    mode: event.mode,
    data: json,
    ...(event.mode === "latest" ? { key: latestKey(address, type, event, json) } : {}),
    ...(event.expires === null ? {} : { expires: event.expires }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(expects === undefined ? {} : { expects: expectedPosition(address, type, event, expects) }),
  });
}

/**
 * The log entry that ends an address.
 * @throws ContractError `unknown-channel`, `unknown-event` for a channel without an end, `invalid-data`
 * @throws TypeError for an idempotency key of another type
 */
export function endEntry(
  { contract, encoders, limits }: EntryNeeds,
  address: Address,
  data: unknown,
  { idempotencyKey }: PublishOptions,
): NewEntry {
  checkAddress(address);
  checkType("idempotencyKey", idempotencyKey, "string");
  findEnd(contract, address);
  const json = encoders.ends.get(address.name)?.(data) ?? "";
  checkSize(address, END_TYPE, json, limits.eventBytes);
  return checkKeys(address, {
    channel: address.path,
    type: END_TYPE,
    mode: "reliable",
    data: json,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
}

/**
 * The log entry that withdraws a `latest` value.
 * @throws ContractError `unknown-channel`, `unknown-event`, `invalid-data`
 */
export function withdrawalEntry(
  { contract }: Pick<EntryNeeds, "contract">,
  address: Address,
  type: string,
  key = "",
): NewEntry {
  checkAddress(address);
  checkType("type", type, "string");
  checkType("key", key, "string");
  const { mode } = findEvent(contract, address, type);
  if (mode !== "latest") {
    const wrong = `expected a latest event, got a ${mode} one; only latest values can be cleared`;
    throw new ContractError("unknown-event", `${address.name}.${type}: ${wrong}.`);
  }
  return checkKeys(address, { channel: address.path, type, mode, key, data: null });
}

/**
 * The key of a `latest` value: that of the data as readers get it. The schema may trim a text or fill in a default, and
 * two spellings of one value must not become two values.
 */
function latestKey(address: Address, type: string, event: EventDefinition, json: string): string {
  const label = `${address.name}.${type}`;
  const key: unknown = event.key(decode(event.schema, JSON.parse(json), label));
  if (typeof key === "string") return key;
  const got = isUnwantedPromise(key) ? "a promise" : typeNameOf(key);
  throw new ContractError(
    "invalid-data",
    `${label}: expected its key function to return a string, got ${got}; correct it in the contract.`,
  );
}

/**
 * A page may have sent the id. If the id is not valid, that is a mistake of the page, as data that does not fit is.
 *
 * @throws ContractError `unknown-event` if the event has no values, `invalid-data` for what is not an id
 */
function expectedPosition(
  { name }: Address,
  type: string,
  { mode }: EventDefinition,
  expects: string | null,
): Cursor | null {
  if (mode !== "latest") {
    const wrong = `expected a latest event, got a ${mode} one; only latest values can be expected`;
    throw new ContractError("unknown-event", `${name}.${type}: ${wrong}.`);
  }
  if (expects === null) return null;
  // Programs without types may pass a number.
  const position = typeof expects === "string" ? parseCursor(expects) : null;
  if (position !== null) return position;
  const wrong = `expected "expects" to be the id of a value, or null, got ${JSON.stringify(expects)}`;
  throw new ContractError("invalid-data", `${name}.${type}: ${wrong}.`);
}

function checkSize({ name }: Address, type: string, json: string, limit: number): void {
  // A UTF-16 unit takes three bytes at most, so only long texts have to be measured.
  if (json.length * 3 <= limit) return;
  const bytes = toBytes(json).length;
  if (bytes <= limit) return;
  const wrong = `expected ${limit} bytes of JSON at most, got ${bytes}`;
  throw new ContractError(
    "invalid-data",
    `${name}.${type}: ${wrong}; publish a reference, or raise limits.eventBytes.`,
  );
}

/**
 * The most bytes of a key, in UTF-8. A log and its readers keep keys beside the data, and no limit of a page or of a
 * retention counts them.
 */
const MOST_KEY_BYTES = 1_024;

/**
 * Refuses keys that are too long, keys with lone surrogates, which have no UTF-8, and keys with NUL, where some
 * databases end a text. A log would take two of the latter for one, and lose an event.
 */
function checkKeys({ name }: Address, entry: NewEntry): NewEntry {
  const { type, key = "", idempotencyKey = "" } = entry;
  for (const each of [key, idempotencyKey]) {
    const wrong = wrongWithKey(each);
    if (wrong !== null) throw new ContractError("invalid-data", `${name}.${type}: ${wrong}.`);
  }
  return entry;
}

/** What is wrong with a key; null if nothing is. */
function wrongWithKey(key: string): string | null {
  if (!key.isWellFormed() || key.includes("\0")) {
    return "expected keys without NUL and lone surrogates, got one with them";
  }
  const bytes = byteLength(key);
  if (bytes <= MOST_KEY_BYTES) return null;
  return `expected keys of ${MOST_KEY_BYTES} bytes at most, got ${bytes}; use a short id, or a hash of a long text`;
}
