import { decode, type Address, type AnyChannel, type Contract, type Schema } from "@tidings/contract";
import { formatCursor, parseCursor, type Cursor, type PageEvent } from "@tidings/protocol";
import type { Item } from "./item.ts";
import { StreamError } from "./stream-error.ts";

/** Turns what came over the wire into what the contract says. */
export class Decoder {
  readonly #contract: Contract;
  readonly #validate: boolean;
  readonly #onError: (error: StreamError) => void;

  constructor(contract: Contract, validate: boolean, onError: (error: StreamError) => void) {
    this.#contract = contract;
    this.#validate = validate;
    this.#onError = onError;
  }

  /** @throws TypeError for an address of another contract */
  channel({ name }: Address): AnyChannel {
    const channel = Object.hasOwn(this.#contract, name) ? this.#contract[name] : undefined;
    if (channel === undefined) {
      throw new TypeError(
        `Expected an address of this contract (${Object.keys(this.#contract).join(", ")}), got "${name}".`,
      );
    }
    return channel;
  }

  /** Null for a type that this client does not know yet, and for data that does not fit; the latter is reported. */
  event(address: Address, type: string, read: () => unknown, cursor: Cursor | null): Item | null {
    const channel = this.channel(address);
    const definition = channel.events[type];
    if (definition === undefined) return null;
    const data = this.#decode(definition.schema, read, `${channel.name}.${type}`);
    if (data === undefined) return null;
    const id = cursor === null ? null : formatCursor(cursor);
    const event = { channel: address.path, type, data: data.value, id };
    return { kind: "event", event, volatile: definition.mode === "volatile", cursor };
  }

  pageEvent(address: Address, event: PageEvent): Item | null {
    const cursor = event.id === undefined ? null : parseCursor(event.id);
    if (!("clear" in event)) return this.event(address, event.type, () => event.data, cursor);
    return cursor === null ? null : this.clear(address, event.type, event.clear, cursor);
  }

  /** The notice that a `latest` value is no more. */
  clear(address: Address, type: string, key: string, cursor: Cursor): Item | null {
    if (this.channel(address).events[type] === undefined) return null;
    return { kind: "clear", cleared: { channel: address.path, type, key, id: formatCursor(cursor) }, cursor };
  }

  /** Undefined when the state does not fit, which is reported. */
  state(address: Address, state: unknown): { readonly value: unknown } | undefined {
    const { name, snapshot } = this.channel(address);
    return snapshot && this.#decode(snapshot, () => state, `${name}'s snapshot`);
  }

  #decode(schema: Schema, read: () => unknown, label: string): { readonly value: unknown } | undefined {
    try {
      return { value: this.#validate ? decode(schema, read(), label) : read() };
    } catch (cause) {
      this.#onError(new StreamError("invalid-data", `Skipped ${label}: ${String(cause)}`, { cause }));
      return undefined;
    }
  }
}
