import { decode, type Address, type AnyChannel, type Contract } from "@tidings/contract";
import type { Cursor, PageEvent } from "@tidings/protocol";
import { formatCursor } from "@tidings/protocol";
import { StreamError } from "./stream-error.ts";
import { toCursor, type Item } from "./subscription.ts";

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

  channel({ name }: Address): AnyChannel {
    const channel = Object.hasOwn(this.#contract, name) ? this.#contract[name] : undefined;
    if (channel === undefined) {
      throw new TypeError(`Expected an address of this contract (${Object.keys(this.#contract).join(", ")}), got "${String(name)}".`);
    }
    return channel;
  }

  /** Null for a type that this client does not know yet, and for data that does not fit; the latter is reported. */
  event(address: Address, type: string, read: () => unknown, cursor: Cursor | null): Item | null {
    const channel = this.channel(address);
    const definition = channel.events[type];
    if (definition === undefined) return null;
    const label = `${channel.name}.${type}`;
    const data = this.#decode(label, () => (this.#validate ? decode(definition.schema, read(), label) : read()));
    if (data === undefined) return null;
    const id = cursor === null ? null : formatCursor(cursor);
    const event = { channel: address.path, type, data: data.value, id };
    return { kind: "event", event, volatile: definition.mode === "volatile", cursor };
  }

  pageEvent(address: Address, event: PageEvent): Item | null {
    const cursor = toCursor(event.id);
    if (!("clear" in event)) return this.event(address, event.type, () => event.data, cursor);
    if (cursor === null) return null;
    return { kind: "clear", cleared: { channel: address.path, type: event.type, key: event.clear, id: event.id }, cursor };
  }

  /** Undefined when the state does not fit, which is reported. */
  state(address: Address, state: unknown): { readonly value: unknown } | undefined {
    const channel = this.channel(address);
    const { snapshot } = channel;
    if (snapshot === undefined) return undefined;
    const label = `${channel.name} snapshot`;
    return this.#decode(label, () => (this.#validate ? decode(snapshot, state, label) : state));
  }

  #decode(label: string, read: () => unknown): { readonly value: unknown } | undefined {
    try {
      return { value: read() };
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      this.#onError(new StreamError("invalid-data", `Skipped ${label}: ${said}`, { cause }));
      return undefined;
    }
  }
}
