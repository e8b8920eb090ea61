import { ContractError, findEvent, parsePath } from "@tidings/contract";
import type {
  Address,
  AddressOf,
  ChannelName,
  Contract,
  EventData,
  EventDefinition,
  EventType,
} from "@tidings/contract";
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

/** Makes log entries of events: validated, encoded once, within the size limit. */
export class Publisher {
  readonly #context: Base;
  readonly #encoders = new Map<EventDefinition, Encoder>();

  /** @throws ContractError `bad-contract` for a schema whose data JSON cannot carry */
  constructor(context: Base) {
    this.#context = context;
    for (const { name, events } of Object.values(context.contract)) {
      for (const [type, event] of Object.entries(events)) {
        this.#encoders.set(event, createEncoder(event.schema, `${name}.${type}`));
      }
    }
  }

  /** @throws ContractError `unknown-channel`, `unknown-event`, `invalid-data` */
  entry(address: Address, type: string, data: unknown, { idempotencyKey }: PublishOptions = {}): NewEntry {
    const { eventBytes } = this.#context.limits;
    const event = this.#find(address, type);
    const json = this.#encoders.get(event)?.(data) ?? "";
    // A UTF-16 unit has three bytes at most: only long texts have to be measured.
    const bytes = json.length * 3 > eventBytes ? toBytes(json).length : 0;
    if (bytes > eventBytes) {
      const wrong = `expected ${eventBytes} bytes of JSON at most, got ${bytes}; publish a reference, or raise limits.eventBytes`;
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
  clearing(address: Address, type: string, key: string): NewEntry {
    const event = this.#find(address, type);
    if (event.mode !== "latest") {
      const wrong = `expected a latest event, got a ${event.mode} one; only latest values can be cleared`;
      throw new ContractError("unknown-event", `${address.name}.${type}: ${wrong}.`);
    }
    return checkKeys(address, { channel: address.path, type, mode: "latest", key, data: null });
  }

  /** The definition of an event. An address is a plain value and may come from anywhere, so its path is checked, too. */
  #find(address: Address, type: string): EventDefinition {
    const { contract } = this.#context;
    const { name, path } = address;
    const event = findEvent(contract, address, type);
    const pattern = contract[name]?.pattern;
    if (pattern && parsePath(pattern, path) !== null) return event;
    const wrong = `Expected an address of channel "${name}", got the path ${JSON.stringify(path)}`;
    throw new ContractError("unknown-channel", `${wrong}; make it with the contract's channel function.`);
  }
}

/** Lone surrogates have no UTF-8, and some databases end a text at NUL: a log would take two such keys for one, and lose an event. */
function checkKeys({ name }: Address, entry: NewEntry): NewEntry {
  const { type, key = "", idempotencyKey = "" } = entry;
  if ([key, idempotencyKey].every((text) => text.isWellFormed() && !text.includes("\0"))) return entry;
  const wrong = "expected keys without NUL and lone surrogates, got one with them";
  throw new ContractError("invalid-data", `${name}.${type}: ${wrong}.`);
}
