import type { AddressOf, ChannelName, Contract, EventData, EventType } from "@tidings/contract";
import { checkContract } from "@tidings/contract/check";
import type { EventLog, NewEntry, TransactionalLog } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";
import { createContext, type Context } from "./context.ts";
import type { HubOptions, HubRequest, Viewer } from "./hub-options.ts";
import { orderEntry, type Selector } from "./orders.ts";
import { clearing, entryOf, type Publication, type Published, type PublishOptions } from "./publisher.ts";
import { handleRequest } from "./request-handler.ts";
import { applyRetention } from "./retention.ts";
import type { HubResponse } from "./sink.ts";

/** Joins a contract, a log and the connections of this process. */
export interface Hub<C extends Contract> {
  /**
   * Validates, encodes and appends one event; resolves once the log has it. Delivery is not part of the answer.
   * @throws ContractError when the data does not fit the contract; nothing is appended then
   */
  publish<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    address: AddressOf<C, Name>,
    type: Type,
    data: EventData<C, Name, Type>,
    options?: PublishOptions,
  ): Promise<Published>;
  /** Appends all events or none, next to each other. */
  publishAll(batch: readonly Publication<C>[]): Promise<readonly Published[]>;
  /** Withdraws the `latest` value of a key. @param key @default the one of events without a key */
  clear<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    type: EventType<C, Name>,
    key?: string,
  ): Promise<Published>;
  /** Ends the streams of a viewer in every process (they may come back with fresh credentials), or one address on the streams that follow it. */
  disconnect(selector: Selector): Promise<void>;
  /** Asks `authorize` again about running streams, in every process. Call it when rights have changed. */
  recheck(selector: Selector): Promise<void>;
  stats(): HubStats;
  /** Says `bye` on every stream, with a return spread over the drain window, then closes the log. */
  close(): Promise<void>;
  /** What adapters call; use `toNodeHandler`. */
  handle(request: HubRequest): Promise<HubResponse>;
}

/** What a hub can do besides when its log shares the application's database. */
export interface TransactionalHub<C extends Contract, Transaction> {
  /**
   * Publishes inside the application's own transaction: the event gets its place when it commits, and a rollback publishes nothing.
   * The insert has run when the call returns.
   * @throws ContractError when the data does not fit the contract
   */
  publishIn<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    transaction: Transaction,
    address: AddressOf<C, Name>,
    type: Type,
    data: EventData<C, Name, Type>,
    options?: PublishOptions,
  ): Promise<void>;
}

/** A hub on a log of its type. */
export type HubOn<C extends Contract, Log extends EventLog> = Hub<C> &
  (Log extends TransactionalLog<infer Transaction> ? TransactionalHub<C, Transaction> : unknown);

export interface HubStats {
  /** Open streams. */
  readonly connections: number;
  /** Channels that somebody follows. */
  readonly channels: number;
  readonly ring: { readonly entries: number; readonly bytes: number; readonly head: string };
  /** Times that the poll found entries of which the doorbell had not told. */
  readonly missedDoorbells: number;
}

/**
 * Creates a hub.
 *
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 * @throws TypeError for options that contradict each other or are out of range
 */
export function createHub<C extends Contract, Log extends EventLog, V extends Viewer = Viewer>(
  contract: C,
  options: HubOptions<C, V> & { readonly log: Log },
): HubOn<C, Log> {
  checkContract(contract);
  // Inside, a contract is a record of channels and a viewer has an id; the signature above has checked what depends on both.
  const context = createContext(contract, options as unknown as HubOptions<Contract, Viewer>);
  void context.connections.keepTime();
  void applyRetention(context);
  // A log that does not answer yet is asked again by the first request.
  void context.trace.guard("read-failed", () => context.tailer.ready());
  return hubOf(context) as unknown as HubOn<C, Log>;
}

function hubOf(context: Context): Hub<Contract> & TransactionalHub<Contract, unknown> {
  const { log, trace, connections, ring, tailer } = context;
  let closed: Promise<void> | null = null;

  async function appendAll(entries: readonly NewEntry[]): Promise<readonly Published[]> {
    const appended = await log.append(entries);
    return appended.map(({ cursor, duplicate }, index) => {
      const entry = entries[index];
      if (entry !== undefined) trace.passed("publish", entry, cursor);
      return { id: formatCursor(cursor), duplicate };
    });
  }

  async function append(entry: NewEntry): Promise<Published> {
    const [published] = await appendAll([entry]);
    if (published === undefined) throw new Error("Expected the log to answer for every entry, got none.");
    return published;
  }

  return {
    publish: async (address, type, data, options) => append(entryOf(context, { address, type, data, ...options })),
    publishAll: async (batch) => appendAll(batch.map((event) => entryOf(context, event))),
    async publishIn(transaction, address, type, data, options) {
      if (!("appendIn" in log)) {
        throw new TypeError(
          "Expected publishIn on a log that shares the application's database, got another; use publish.",
        );
      }
      // Nothing is awaited before: another request must not come between the rows of the transaction and their event.
      // The types let only those call it whose log has it; the check is for programs without types.
      const entry = entryOf(context, { address, type, data, ...options });
      await (log as TransactionalLog<unknown>).appendIn(transaction, [entry]);
    },
    clear: async (...value) => append(clearing(context, ...value)),
    disconnect: async (selector) => void (await append(orderEntry("disconnect", selector))),
    recheck: async (selector) => void (await append(orderEntry("recheck", selector))),
    stats: () => ({
      connections: connections.open.size,
      channels: connections.followers.size,
      ring: { ...ring.size, head: formatCursor(ring.head) },
      missedDoorbells: tailer.missedDoorbells(),
    }),
    close: () => (closed ??= close(context)),
    handle: (request) => handleRequest(context, request),
  };
}

async function close({ log, ring, connections, closing }: Context): Promise<void> {
  closing.abort();
  // Only afterwards, so that a hook which closes the hub again gets the same promise.
  await Promise.resolve();
  const retry = connections.drainRetries();
  for (const connection of [...connections.open]) connection.end("draining", retry());
  connections.wakeAll(ring.head);
  await log.close();
}
