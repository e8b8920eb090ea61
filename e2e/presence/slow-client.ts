import type { Client, Status } from "@tidings/client";
import type { Address } from "@tidings/contract";
import type { app } from "./contract.ts";

type Subscribe = Client<typeof app>["subscribe"];
type Handlers = Readonly<Record<string, (data: unknown) => void>>;

interface Subscribed {
  readonly handlers: Handlers;
  readonly listeners: Set<(status: Status) => void>;
}

/** A client whose answers come when a story says so: one address may be known long before another. */
export class SlowClient {
  readonly #subscribed = new Map<string, Subscribed>();

  // Safe: presence uses of a subscription what is here.
  readonly subscribe = ((address: Address, handlers: Handlers) => {
    const listeners = new Set<(status: Status) => void>();
    this.#subscribed.set(address.path, { handlers, listeners });
    const subscribe = (listener: (status: Status) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    return { status: { subscribe }, close: () => {} };
  }) as unknown as Subscribe;

  /** An event of the address has come. */
  bring({ path }: Address, type: string, data: unknown): void {
    this.#subscribed.get(path)?.handlers[type]?.(data);
  }

  /** All that was there at the beginning has come. */
  begin({ path }: Address): void {
    for (const listener of this.#subscribed.get(path)?.listeners ?? []) listener({ state: "live" });
  }
}
