/// <reference lib="esnext.disposable" preserve="true" />
import type { AddressOf, ChannelName, Contract, EndData, EndName, EventData, EventType } from "@tidings/contract";
import type { NoEnd } from "../publish/end-arguments.ts";
import type { Published } from "../publish/publication.ts";

/** The only one who writes to an address with a lease, over all processes of a log. */
export interface Writer<C extends Contract, Name extends ChannelName<C>> extends AsyncDisposable {
  readonly address: AddressOf<C, Name>;
  /**
   * The position of the log when the lease was asked for. Everything that this writer publishes comes after it, so
   * those who read from the beginning go on after it. It is also for `stopsSince` of another lease.
   */
  readonly askedAt: string;
  /**
   * Aborted when this writer has to come to an end. The reason is a {@link LeaseError}: `lost`, `stopped` or `closing`.
   * After the last two, the writer can still publish and end.
   */
  readonly signal: AbortSignal;
  /**
   * Publishes an event, and renews the lease with it. Calls that come while the log has not answered an earlier one
   * are stored together, in their order.
   * @throws ContractError when the data does not fit the contract
   * @throws LeaseError `lost`, `released`: nothing is published, unless the message says that it may be stored
   * @throws AppendError when nothing is stored; later calls may work
   */
  publish<Type extends EventType<C, Name>>(type: Type, data: EventData<C, Name, Type>): Promise<Published>;
  /** Ends the address after everything that was published. @throws as {@link Writer.publish} does */
  end(...end: WriterEnd<C, Name>): Promise<Published>;
  /** Gives the lease up, and leaves the address as it is. @throws as {@link Writer.publish} does */
  release(): Promise<void>;
  /**
   * For `await using`: a writer that has neither ended its address nor released it ends it with the data `aborted`. If
   * the channel declares no end, it gives the lease up. It waits for an end that is under way, and does nothing if the
   * lease is lost.
   * @throws AppendError when nothing is stored: the address then ends when the process does
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What `end` of a writer takes. */
export type WriterEnd<C extends Contract, Name extends ChannelName<C>> = [Name] extends [EndName<C>]
  ? [data: EndData<C, Name>]
  : [data: NoEnd];

interface LeaseTime {
  /**
   * How long the lease holds when the writer is silent, in milliseconds, 1,000 to 600,000. The writer renews it by
   * itself. Choose more than the longest time for which the process may be held up.
   */
  readonly ttl: number;
}

interface StopsSince extends LeaseTime {
  /**
   * The position since when `hub.stop` concerns this writer: the `askedAt` of another one, if the work began when that
   * was asked for. What concerned a former writer never concerns this one. Where the channel declares an end, every
   * stop of the address counts. @default the position when the lease is asked for
   */
  readonly stopsSince?: string;
}

interface AbortedEnd<Data> extends LeaseTime {
  /** The data with which the address ends if the writer dies, or does not end before the hub closes. */
  readonly aborted: Data;
}

/** The options of `hub.lease`. */
export type LeaseOptions<C extends Contract, Name extends ChannelName<C>> = [Name] extends [EndName<C>]
  ? AbortedEnd<EndData<C, Name>>
  : StopsSince;
