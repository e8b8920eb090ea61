import type { AddressOf, ChannelName, Contract, EventData, EventType } from "@tidings/contract";
import type { LeaseOptions, Writer } from "./lease/writer.ts";
import type { EndArguments } from "./publish/end-arguments.ts";
import { checkContract } from "@tidings/contract/check";
import type { EventLog, TransactionalLog } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";
import { checkIsContract } from "./check-hub-options.ts";
import { compose, type HubParts } from "./compose.ts";
import type { CommonHubOptions, HubOptions, HubRequest, SnapshotOption, Viewer } from "./hub-options.ts";
import type {
  LatestPublishOptions,
  Publication,
  Published,
  PublishOptions,
  PublishOptionsOf,
} from "./publish/publication.ts";
import type { HubResponse } from "./request/response.ts";
import { checkObject } from "@tidings/protocol/checks";
import type { EventReader } from "./reader/event-reader.ts";
import type { ReaderOptions } from "./reader/reader-options.ts";
import type { Selector } from "./rights/command.ts";

/**
 * Joins a contract, a log and the connections of this process.
 *
 * @typeParam Raw the request that `authenticate` wants from the adapter
 */
export interface Hub<C extends Contract, Raw = unknown> {
  /**
   * Validates, encodes and appends one event; resolves once the log has it. Delivery is not part of the answer.
   *
   * If the channel has a snapshot, write the row first, or use {@link TransactionalHub.publishIn}. A row that becomes
   * readable later than that is in no state that is loaded meanwhile. It is not missed if it comes within
   * `snapshotOverlap` of this call: the event is then delivered again after such a state.
   * @throws ContractError when the data does not fit the contract, or `expects` is no id; nothing is appended then
   * @throws PublishError `conflict` when the value is not the one that `expects` names, `ended` when the address has
   *   ended; nothing is appended then
   * @throws TypeError for an unknown option
   */
  publish<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    address: AddressOf<C, Name>,
    type: Type,
    data: EventData<C, Name, Type>,
    options?: PublishOptionsOf<C, Name, Type>,
  ): Promise<Published>;
  /**
   * Appends all events or none, next to each other.
   * @throws ContractError, PublishError as {@link Hub.publish} does @throws TypeError for an unknown key of an event
   */
  publishAll(batch: readonly Publication<C>[]): Promise<readonly Published[]>;
  /**
   * Ends an address: appends its last event, after which nothing can be published to it. Only channels that declare an
   * `end` have this. A second end is refused like any other event, unless it has the same idempotency key.
   *
   * When retention drops the end, everything of the address is forgotten, its current values, too.
   * @throws ContractError, PublishError as {@link Hub.publish} does @throws TypeError for an unknown option
   * @example
   * await hub.end(shop.order({ orderId }), { state: "delivered" });
   */
  end<Name extends ChannelName<C>>(address: AddressOf<C, Name>, ...end: EndArguments<C, Name>): Promise<Published>;
  /**
   * Withdraws the `latest` value of a key.
   * @param key @default the one of events without a key
   * @throws ContractError `unknown-event` for an event that is not `latest`, and as {@link Hub.publish} does
   */
  clear<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    type: EventType<C, Name>,
    key?: string,
  ): Promise<Published>;
  /**
   * Takes the lease of an address: from now on this writer is the only one that has it, over all processes of the log.
   * The log itself refuses what a writer publishes that has lost its lease. `hub.publish` goes on without one.
   *
   * A writer that is silent for longer than `ttl`, since its process has died or was held up, is ended by any hub of
   * the log, within two seconds: its address ends with the data `aborted`. If the channel declares no end, the lease
   * is free again, and readers are told nothing.
   * @throws LeaseError `taken` when another writer has it, `closing` when the hub closes
   * @throws PublishError `ended` when the address has ended
   * @throws ContractError as {@link Hub.end} does @throws TypeError for unknown options and a `ttl` out of range
   * @example
   * const writer = await hub.lease(ai.answer({ id }), { ttl: 10_000, aborted: { outcome: "aborted" } });
   * for await (const text of generate(prompt, writer.signal)) await writer.publish("token", { text });
   * await writer.end({ outcome: "done" });
   */
  lease<Name extends ChannelName<C>>(
    address: AddressOf<C, Name>,
    options: LeaseOptions<C, Name>,
  ): Promise<Writer<C, Name>>;
  /**
   * Asks the writer that has the lease of an address to stop, in whichever process it is: its `signal` is aborted with
   * a {@link LeaseError} `stopped`. What it does then, and how the address ends, is its own decision. Resolves when the
   * log has the request. If nobody has the lease, the request concerns the next writer of an address that can end; of
   * another address, it concerns who has asked for the lease already, and otherwise nobody.
   * @param reason for the writer, at most 1,000 characters @default ""
   * @throws ContractError `unknown-channel`
   */
  stop<Name extends ChannelName<C>>(address: AddressOf<C, Name>, reason?: string): Promise<void>;
  /**
   * The events of one address or of several, in the order of the log: for jobs, webhooks, and whatever is derived from
   * events. No right is asked about. A slow loop holds up nobody: it lags, and its next read waits for it. Gaps are
   * items of the loop, before anything newer of their address. `break`, the signal and `hub.close()` end it, and the
   * end of the last address. A log that does not answer does not: `onLog` gets the error, and the loop waits.
   *
   * @throws ContractError `unknown-channel` for an address that is not of this contract
   * @throws TypeError for an empty list, for an unknown option, and for an `after` that is not a cursor
   * @example
   * for await (const item of hub.events(shop.orders(), { after: readCursor(), signal })) {
   *   if (item.kind === "event") saveOrder(item.data, item.cursor); // both in one transaction
   *   if (item.kind === "gap") rebuildOrders(item.cursor);
   * }
   */
  events<Name extends ChannelName<C>>(
    addresses: AddressOf<C, Name> | readonly AddressOf<C, Name>[],
    options?: ReaderOptions,
  ): EventReader<C, Name>;
  /**
   * Ends the streams of a viewer in every process, or one address on the streams that follow it. Clients may come back
   * with fresh credentials.
   * @throws TypeError for a selector that names nobody, has an unknown key, a key that is undefined, or an address that
   *   is not of this contract
   */
  disconnect(selector: Selector): Promise<void>;
  /**
   * Asks `authorize` again about running streams, in every process. Call it when rights have changed.
   * @throws TypeError for a selector as {@link Hub.disconnect} does
   */
  recheck(selector: Selector): Promise<void>;
  /** How many streams, channels and entries of the ring there are now. */
  stats(): HubStats;
  /**
   * Says `bye` on every stream, ends the loops of {@link events}, and closes the log. The clients come back spread over
   * the drain window. Writers get this time to end, five seconds by default; then their addresses end as `aborted`.
   */
  close(): Promise<void>;
  /** Answers one request. Adapters call it; use `toNodeHandler` or `toFetchHandler`. */
  handle(request: HubRequest<Raw>): Promise<HubResponse>;
}

/** What a hub can also do when its log shares the application's database. */
export interface TransactionalHub<C extends Contract, Transaction> {
  /**
   * Publishes inside the application's own transaction: the event gets its position at the commit, and a rollback
   * publishes nothing. The insert is handed to the transaction's connection before the call returns. Await it before
   * you commit.
   * @throws ContractError, PublishError as {@link Hub.publish} does. After a ContractError the transaction can go on;
   *   after a PublishError, that depends on the log
   */
  publishIn<Name extends ChannelName<C>, Type extends EventType<C, Name>>(
    transaction: Transaction,
    address: AddressOf<C, Name>,
    type: Type,
    data: EventData<C, Name, Type>,
    options?: PublishOptionsOf<C, Name, Type>,
  ): Promise<void>;
  /** Ends an address inside the application's own transaction, as {@link TransactionalHub.publishIn} publishes. */
  endIn<Name extends ChannelName<C>>(
    transaction: Transaction,
    address: AddressOf<C, Name>,
    ...end: EndArguments<C, Name>
  ): Promise<void>;
}

/** A hub on a log of the given type. */
export type HubOn<C extends Contract, Log extends EventLog, Raw = unknown> = Hub<C, Raw> &
  (Log extends TransactionalLog<infer Transaction> ? TransactionalHub<C, Transaction> : unknown);

/** What a hub is doing at this moment, in this process. */
export interface HubStats {
  /** Open streams. */
  readonly connections: number;
  /** Paths that open streams or waiting pages follow. */
  readonly channels: number;
  readonly ring: { readonly entries: number; readonly bytes: number; readonly head: string };
  /** How many polls of the log have found entries although its doorbell had not rung. */
  readonly missedDoorbells: number;
}

/**
 * Creates a hub.
 *
 * @throws ContractError `bad-contract` for a schema whose data JSON cannot carry
 * @throws TypeError for options that are unknown, of another type, out of range, or contradict each other
 */
export function createHub<C extends Contract, Log extends EventLog, V extends Viewer = Viewer, Raw = unknown>(
  contract: C,
  options: CommonHubOptions<AddressOf<C, ChannelName<C>>, V, Raw, Log> & SnapshotOption<C>,
): HubOn<C, Log, Raw> {
  checkIsContract(contract);
  checkContract(contract);
  // Safe: inside, a contract is a record of channels and a viewer has an id. The signature has checked what depends on
  // both.
  const parts = compose(contract, options as unknown as HubOptions<Contract, Viewer>);
  parts.start();
  // Safe: `publishIn` is there for every log, and the type shows it only where the log has transactions.
  return hubOf(parts) as unknown as HubOn<C, Log, Raw>;
}

function hubOf(parts: HubParts): Hub<Contract> & TransactionalHub<Contract, unknown> {
  const { publisher, eventReaders, commands, writers, tailer, streams, followers, ring } = parts;
  let closed: Promise<void> | null = null;
  return {
    publish: async (address, type, data, options) =>
      publisher.publish({ address, type, data, ...checkPublishOptions("publish", options) }),
    publishAll: (batch) => publisher.publishAll(batch),
    // Asynchronous only in its result: the insert has run when the call returns.
    publishIn: async (transaction, address, type, data, options) =>
      publisher.publishIn(transaction, { address, type, data, ...checkPublishOptions("publishIn", options) }),
    end: async (address, ...end) => publisher.end(address, ...checkEnd("end", end)),
    endIn: async (transaction, address, ...end) => publisher.endIn(transaction, address, ...checkEnd("endIn", end)),
    clear: (address, type, key) => publisher.clear(address, type, key),
    // Safe: the writer checks what it publishes by the contract, and the signature says what that is.
    lease: async (address, options) => (await writers.lease(address, options)) as unknown as Writer<Contract, never>,
    stop: async (address, reason) => void (await publisher.append(writers.stopEntry(address, reason))),
    // Safe: the reader makes its items as the contract says, and the signature says it, too.
    events: (addresses, options) => eventReaders.open(addresses, options) as EventReader<Contract, never>,
    disconnect: async (selector) => void (await publisher.append(commands.entry("disconnect", selector))),
    recheck: async (selector) => void (await publisher.append(commands.entry("recheck", selector))),
    stats: () => ({
      connections: streams.size,
      channels: followers.size,
      ring: { ...ring.size, head: formatCursor(ring.head) },
      missedDoorbells: tailer.missedDoorbells(),
    }),
    close() {
      closed ??= close(parts);
      return closed;
    },
    handle: (request) => parts.handle(request),
  };
}

/** @throws TypeError for an unknown key: a misspelt idempotency key would publish twice */
function checkPublishOptions(verb: string, options: LatestPublishOptions = {}): LatestPublishOptions {
  checkObject(`the options of ${verb}`, options, ["idempotencyKey", "expects"]);
  return options;
}

/** @throws TypeError for an unknown option */
function checkEnd(verb: string, [data, options = {}]: readonly unknown[]): [data: unknown, options: PublishOptions] {
  checkObject(`the options of ${verb}`, options, ["idempotencyKey"]);
  return [data, options as PublishOptions];
}

async function close({ log, ring, writers, streams, byes, followers, retryDelays, closing }: HubParts): Promise<void> {
  closing.abort();
  // The streams end in a later step, so that a hook which closes the hub again gets the same promise.
  await Promise.resolve();
  const drawRetry = retryDelays.whenDraining();
  for (const stream of [...streams]) stream.end("draining", drawRetry());
  followers.wakeAll(ring.head);
  await Promise.all([byes.rest(), writers.close()]);
  await log.close();
}
