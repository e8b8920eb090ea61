import { ContractError, findEvent, type Address, type Contract } from "@tidings/contract";
import type { AddressOf, ChannelName, EventData, EventDefinition, EventType } from "@tidings/contract";
import { createEncoder, type Encoder } from "@tidings/contract/encoder";
import type { NewEntry } from "@tidings/log";
import type { Base } from "./context.ts";
import { toBytes } from "./frame.ts";

export interface PublishOptions {
  /** The same key on the same address publishes once, so a retry is safe. Known for 10 minutes at least. Without NUL and lone surrogates. */
  readonly idempotencyKey?: string;
}

/** One event of a batch. */
export type Publication<C extends Contract> = {
  [Name in ChannelName<C>]: {
    [Type in EventType<C, Name>]: PublishOptions & {
      readonly address: AddressOf<C, Name>;
      readonly type: Type;
      readonly data: EventData<C, Name, Type>;
    };
  }[EventType<C, Name>];
}[ChannelName<C>];

/** What `publish` resolves with: the log has the event as durably as it is configured. */
export interface Published {
  /** The event's id: its position in the log. */
  readonly id: string;
  /** True when the idempotency key was known; `id` is then that of the first event. */
  readonly duplicate: boolean;
}

/** @throws ContractError `bad-contract` for a schema whose data JSON cannot carry */
export function createEncoders(contract: Contract): ReadonlyMap<EventDefinition, Encoder> {
  const encoders = new Map<EventDefinition, Encoder>();
  for (const { name, events } of Object.values(contract)) {
    for (const [type, event] of Object.entries(events)) {
      encoders.set(event, createEncoder(event.schema, `${name}.${type}`));
    }
  }
  return encoders;
}

/**
 * The log entry of an event: validated, encoded once, within the size limit.
 * @throws ContractError `unknown-channel`, `unknown-event`, `invalid-data`
 */
export function entryOf({ contract, encoders, limits }: Base, publication: Publication<Contract>): NewEntry {
  const { address, type, data, idempotencyKey } = publication;
  const event = findEvent(contract, address, type);
  const json = encoders.get(event)?.(data) ?? "";
  // A UTF-16 unit has three bytes at most: only long texts have to be measured.
  const bytes = json.length * 3 > limits.eventBytes ? toBytes(json).length : 0;
  if (bytes > limits.eventBytes) {
    const wrong = `expected ${limits.eventBytes} bytes of JSON at most, got ${bytes}; publish a reference, or raise limits.eventBytes`;
    throw new ContractError("invalid-data", `${address.name}.${type}: ${wrong}.`);
  }
  return checkKeys(address, {
    channel: address.path,
    type,
    mode: event.mode,
    data: json,
    ...(event.mode === "latest" ? { key: event.key(data) } : {}),
    ...(event.expires === null ? {} : { expires: event.expires }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
}

/**
 * The entry that withdraws a `latest` value.
 * @throws ContractError `unknown-channel`, `unknown-event`, `invalid-data`
 */
export function clearing({ contract }: Base, address: Address, type: string, key = ""): NewEntry {
  const { mode } = findEvent(contract, address, type);
  if (mode !== "latest") {
    const wrong = `expected a latest event, got a ${mode} one; only latest values can be cleared`;
    throw new ContractError("unknown-event", `${address.name}.${type}: ${wrong}.`);
  }
  return checkKeys(address, { channel: address.path, type, mode, key, data: null });
}

/** Lone surrogates have no UTF-8, and some databases end a text at NUL: a log would take two such keys for one, and lose an event. */
function checkKeys({ name }: Address, entry: NewEntry): NewEntry {
  const { type, key = "", idempotencyKey = "" } = entry;
  if ([key, idempotencyKey].every((text) => text.isWellFormed() && !text.includes("\0"))) return entry;
  const wrong = "expected keys without NUL and lone surrogates, got one with them";
  throw new ContractError("invalid-data", `${name}.${type}: ${wrong}.`);
}
