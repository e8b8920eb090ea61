import type { Address, Contract } from "@tidings/contract";
import type { EventLog, NewEntry } from "@tidings/log";
import { formatCursor, newEpoch, type Cursor } from "@tidings/protocol";
import { checkRange, checkType } from "@tidings/protocol/checks";
import type { Clock } from "@tidings/protocol/clock";
import { answered } from "../publish/answered.ts";
import { addressOf } from "../publish/check-address.ts";
import { endEntry, eventEntry, type EntryNeeds } from "../publish/new-entry.ts";
import type { Published } from "../publish/publication.ts";
import { AddressCheck, type AddressCheckNeeds } from "./address-check.ts";
import { HeldLease, type HeldLeaseNeeds } from "./held-lease.ts";
import { stopEntry, type Lease } from "./lease-entry.ts";
import { hubCloses, LeaseError } from "./lease-error.ts";
import { checkLeaseOptions } from "./lease-options.ts";
import { OpenWriter } from "./open-writer.ts";
import { OwnLeases } from "./own-leases.ts";
import type { StandingStop } from "./stop-requests.ts";

interface WritersNeeds extends EntryNeeds, AddressCheckNeeds, Omit<HeldLeaseNeeds, "log" | "clock" | "closed"> {
  readonly clock: Pick<Clock, "now" | "monotonic" | "setTimeout">;
  readonly log: Pick<EventLog, "head" | "read" | "recent" | "current">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** How long writers may take to end when the hub closes, in milliseconds. */
  readonly closingTime: number;
}

/** What {@link Writer} is inside, where no contract is known. */
interface AnyWriter extends AsyncDisposable {
  readonly address: Address;
  readonly askedAt: string;
  readonly signal: AbortSignal;
  publish(type: string, data: unknown): Promise<Published>;
  end(data?: unknown): Promise<Published>;
  release(): Promise<void>;
}

/** The writers of this process. */
export interface Writers {
  /** @throws ContractError, TypeError, LeaseError `taken`, PublishError `ended`, AppendError */
  lease(address: Address, options: unknown): Promise<AnyWriter>;
  /** The log entry that asks the writer of an address to stop. @throws ContractError, TypeError */
  stopEntry(address: Address, reason: unknown): NewEntry;
  /** Passes a request to stop on, if the writer is one of this process, and {@link Writers.noteHeld} has named it. */
  stop(stop: StandingStop): void;
  /**
   * Says that the log has the lease of a writer, which may be one of this process, and the request to stop that stood
   * there before it.
   */
  noteHeld(writer: string, stop: StandingStop | null): void;
  /** Tells the writer of an address that somebody else has ended it, if it is one of this process. */
  noteEnd(path: string, position: Cursor): void;
  /** Whether a writer lives in this process. */
  has(writer: string): boolean;
  /** Waits for the writers to end, and ends those that do not. Never rejects. */
  close(): Promise<void>;
}

/** The longest reason of a stop, in characters. */
const MOST_REASON = 1_000;

export function createWriters(needs: WritersNeeds): Writers {
  const { contract, clock, random, closing, closingTime } = needs;
  const closed = new AbortController();
  const addressCheck = new AddressCheck(needs);
  const ownLeases = new OwnLeases();
  /** How many leases this process has asked for. */
  let made = 0;
  closing.addEventListener("abort", () => {
    for (const writer of ownLeases.writers()) writer.abort(hubCloses(writer.lease));
  });

  async function take(lease: Lease, stopsSince: Cursor | null): Promise<OpenWriter> {
    const onOver = () => ownLeases.remove(lease);
    const own = ownLeases.add(lease);
    try {
      const held = await HeldLease.take({ ...needs, closed: closed.signal }, lease);
      const writer = new OpenWriter(lease, held, { clock, stopsSince, onOver });
      own.begin(writer);
      if (closing.aborted) writer.abort(hubCloses(lease));
      return writer;
    } catch (error) {
      onOver();
      throw error;
    }
  }

  /** @throws as {@link AddressCheck.refuseEnded} does, and nobody has the lease then */
  async function leaveEnded(writer: OpenWriter): Promise<void> {
    const { path } = writer.lease;
    try {
      await addressCheck.refuseEnded(path);
    } catch (error) {
      writer.leave(hasEnded(path));
      throw error;
    }
  }

  return {
    async lease(address, options) {
      // Safe: the contract has its channel.
      const { end } = contract[addressOf(contract, address).name] as Contract[string];
      const { ttl, aborted, stopsSince } = checkLeaseOptions(options, end !== undefined);
      const { path } = address;
      const askedAt = await addressCheck.position(path);
      const data = end === undefined ? null : endEntry(needs, address, aborted, {}).data;
      if (end !== undefined) await addressCheck.refuseEnded(path);
      if (closing.aborted) throw hubCloses({ path });
      // With a number, since the random numbers of a test may be all the same.
      const id = `${newEpoch(random)}.${clock.now().toString(36)}.${made++}`;
      // An address that can end is written once. So a request to stop is for this writer, however early it comes.
      const since = end === undefined ? (stopsSince ?? askedAt) : null;
      const writer = await take({ path, writer: id, renewals: 0, ttl, aborted: data }, since);
      // The former writer may have ended it since it was looked at. From now on, no writer can.
      if (end !== undefined && !isNext(writer.takenAt, askedAt)) await leaveEnded(writer);
      return writerOf(needs, { address, askedAt: formatCursor(askedAt), writer });
    },

    stopEntry(address, reason) {
      addressOf(contract, address);
      checkType("reason", reason, "string");
      // Safe: it is checked in the line before; undefined stands for the default.
      const text = (reason ?? "") as string;
      checkRange("the length of reason", text.length, 0, MOST_REASON);
      return stopEntry({ path: address.path, reason: text });
    },

    stop(stop) {
      for (const own of ownLeases.ofPath(stop.request.path)) own.hear(stop);
    },

    noteHeld: (id, stop) => ownLeases.ofWriter(id)?.see(stop),

    noteEnd(path, position) {
      for (const { writer } of ownLeases.ofPath(path)) writer?.leaveSince(position, hasEnded(path));
    },

    has: (id) => (ownLeases.ofWriter(id)?.writer ?? null) !== null,

    async close() {
      await ownLeases.untilNone(clock, closingTime);
      // The log may not answer, and the hub must close all the same.
      for (const writer of ownLeases.writers()) writer.abandon().catch(() => {});
      await ownLeases.untilNone(clock, closingTime);
      closed.abort();
    },
  };
}

/** What the application gets. */
function writerOf(
  needs: EntryNeeds,
  { address, askedAt, writer }: { readonly address: Address; readonly askedAt: string; readonly writer: OpenWriter },
): AnyWriter {
  return {
    address,
    askedAt,
    signal: writer.signal,
    publish: async (type, data) => writer.publish(eventEntry(needs, { address, type, data })),
    async end(data) {
      const [published] = await writer.finish([endEntry(needs, address, data, {})]);
      return answered(published);
    },
    release: () => writer.release(),
    [Symbol.asyncDispose]: () => writer.dispose(),
  };
}

/** Whether the log has nothing between two positions. */
function isNext({ epoch, seq }: Cursor, before: Cursor): boolean {
  return epoch === before.epoch && seq === before.seq + 1;
}

function hasEnded(path: string): LeaseError {
  const wrong = `Expected the lease of ${path}, got an address that somebody has ended`;
  return new LeaseError("lost", `${wrong}; publish nothing more.`);
}
