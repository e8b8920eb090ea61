import { ContractError, parseAddress, type Address, type Contract } from "@tidings/contract";
import type { EventLog, NewEntry } from "@tidings/log";
import { formatCursor, newEpoch, type Cursor } from "@tidings/protocol";
import { checkObject, checkRange, checkType } from "@tidings/protocol/checks";
import type { Clock } from "@tidings/protocol/clock";
import { findEnds, type EndNeeds } from "../position/find-ends.ts";
import { checkAddress, endEntry, eventEntry, type EntryNeeds } from "../publish/new-entry.ts";
import type { Published } from "../publish/publication.ts";
import { PublishError } from "../publish/publish-error.ts";
import { sleep } from "../runtime/sleep.ts";
import { HeldLease, type HeldLeaseNeeds } from "./held-lease.ts";
import { stopEntry, type Lease, type StopRequest } from "./lease-entry.ts";
import { LeaseError } from "./lease-error.ts";
import { OpenWriter } from "./open-writer.ts";

interface WritersNeeds extends EntryNeeds, EndNeeds, Omit<HeldLeaseNeeds, "log" | "clock" | "closed"> {
  readonly clock: Pick<Clock, "now" | "monotonic" | "setTimeout">;
  readonly log: Pick<EventLog, "read" | "current">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Aborted as soon as the hub is told to close. */
  readonly closing: AbortSignal;
  /** How long writers may take to end when the hub closes, in milliseconds. */
  readonly closingTime: number;
}

/** What {@link Writer} is inside, where no contract is known. */
interface AnyWriter extends AsyncDisposable {
  readonly address: Address;
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
  /** Passes a request to stop on, if the writer is one of this process. */
  stop(request: StopRequest, position: Cursor): void;
  /** Tells the writer of an address that somebody else has ended it, if it is one of this process. */
  noteEnd(path: string, position: Cursor): void;
  /** Whether a writer lives in this process. */
  has(writer: string): boolean;
  /** Waits for the writers to end, and ends those that do not. Never rejects. */
  close(): Promise<void>;
}

/** The shortest and the longest time of a lease, in milliseconds. */
const LEAST_TTL = 1_000;
const MOST_TTL = 600_000;
/** The longest reason of a stop, in characters. */
const MOST_REASON = 1_000;

export function createWriters(needs: WritersNeeds): Writers {
  const { contract, clock, random, closing, closingTime } = needs;
  const closed = new AbortController();
  const open = new Set<OpenWriter>();
  /** Leases that are being taken, and the requests to stop that have come meanwhile. */
  const taking = new Set<{ readonly lease: Lease; readonly stops: [StopRequest, Cursor][] }>();
  /** How many leases this process has asked for. */
  let made = 0;
  /** Called whenever a writer is over. */
  let noteOver = (): void => {};

  closing.addEventListener("abort", () => {
    for (const writer of [...open]) writer.abort(hubCloses(writer.lease));
  });

  async function take(lease: Lease): Promise<OpenWriter> {
    const attempt = { lease, stops: [] as [StopRequest, Cursor][] };
    taking.add(attempt);
    try {
      const held = await HeldLease.take({ ...needs, closed: closed.signal }, lease);
      const writer = new OpenWriter(lease, held, { clock, onOver: () => isOver(writer) });
      open.add(writer);
      for (const [request, position] of attempt.stops) writer.abortSince(position, stopped(request));
      if (closing.aborted) writer.abort(hubCloses(lease));
      return writer;
    } finally {
      taking.delete(attempt);
      noteOver();
    }
  }

  function writersOf(path: string): OpenWriter[] {
    return [...open].filter(({ lease }) => lease.path === path);
  }

  function isOver(writer: OpenWriter): void {
    open.delete(writer);
    noteOver();
  }

  /** @throws PublishError `ended` @throws LeaseError `closing` */
  async function refuseEnded(path: string): Promise<void> {
    const finding = findEnds(needs, [path], { entries: 100, bytes: 1_000_000 }, closing);
    const [end] = await finding.catch((error: unknown) => {
      throw closing.aborted ? hubCloses({ path }) : error;
    });
    if (end === undefined) return;
    const id = formatCursor(end);
    const wrong = `Expected ${path} to go on, got its end at ${id}; nobody can write to it any more`;
    throw new PublishError("ended", `${wrong}.`, id);
  }

  /** Resolves when all writers are over, or the time is. */
  async function waitForWriters(): Promise<void> {
    const done = new AbortController();
    noteOver = () => {
      if (open.size === 0 && taking.size === 0) done.abort();
    };
    noteOver();
    await sleep(clock, closingTime, done.signal);
  }

  return {
    async lease(address, options) {
      const { end } = channelOf(contract, address);
      const { ttl, aborted } = checkOptions(options, end !== undefined);
      const { path } = address;
      const data = end === undefined ? null : endEntry(needs, address, aborted, {}).data;
      if (end !== undefined) await refuseEnded(path);
      if (closing.aborted) throw hubCloses({ path });
      // With a number, since the random numbers of a test may be all the same.
      const id = `${newEpoch(random)}.${clock.now().toString(36)}.${made++}`;
      const writer = await take({ path, writer: id, turn: 0, ttl, aborted: data });
      return writerOf(needs, address, writer);
    },

    stopEntry(address, reason) {
      channelOf(contract, address);
      checkType("reason", reason, "string");
      // Safe: it is checked in the line before; undefined stands for the default.
      const text = (reason ?? "") as string;
      checkRange("the length of reason", text.length, 0, MOST_REASON);
      return stopEntry({ path: address.path, reason: text });
    },

    stop(request, position) {
      for (const { lease, stops } of taking) {
        if (lease.path === request.path) stops.push([request, position]);
      }
      for (const writer of writersOf(request.path)) writer.abortSince(position, stopped(request));
    },

    noteEnd(path, position) {
      for (const writer of writersOf(path)) writer.leaveSince(position, hasEnded(path));
    },

    has: (id) => [...open].some(({ lease }) => lease.writer === id),

    async close() {
      await waitForWriters();
      // The log may not answer, and the hub must close all the same.
      const abandoned = [...open].map((writer) => writer.abandon().catch(() => {}));
      void Promise.all(abandoned).then(() => noteOver());
      await waitForWriters();
      closed.abort();
    },
  };
}

/** What the application gets. */
function writerOf(needs: EntryNeeds, address: Address, writer: OpenWriter): AnyWriter {
  return {
    address,
    signal: writer.signal,
    publish: async (type, data) => writer.publish(eventEntry(needs, { address, type, data })),
    async end(data) {
      const [published] = await writer.finish([endEntry(needs, address, data, {})]);
      if (published === undefined) throw new Error("Expected the log to answer for the end, got no answer.");
      return published;
    },
    release: () => writer.release(),
    [Symbol.asyncDispose]: () => writer.dispose(),
  };
}

/** @throws ContractError `unknown-channel` for an address of another contract */
function channelOf(contract: Contract, address: Address): Contract[string] {
  checkAddress(address);
  const { path } = address;
  const found = parseAddress(contract, path);
  const channel = found === null ? undefined : contract[found.name];
  if (channel !== undefined) return channel;
  const mismatch = `Expected an address of this contract (${Object.keys(contract).join(", ")})`;
  const got = `got the path ${JSON.stringify(path)}; make it with the contract's channel function`;
  throw new ContractError("unknown-channel", `${mismatch}, ${got}.`);
}

/** @throws TypeError */
function checkOptions(options: unknown, canEnd: boolean): { readonly ttl: number; readonly aborted: unknown } {
  checkObject("the options of lease", options, canEnd ? ["ttl", "aborted"] : ["ttl"]);
  // Safe: it is an object, and what it has is checked.
  const { ttl, aborted } = options as { readonly ttl: number; readonly aborted?: unknown };
  checkRange("ttl", ttl, LEAST_TTL, MOST_TTL);
  if (canEnd && aborted === undefined) {
    const why = "its channel declares an end, and others publish this one if the writer dies";
    throw new TypeError(`Expected "aborted" in the options of lease, got undefined; ${why}.`);
  }
  return { ttl, aborted };
}

function stopped({ path, reason }: StopRequest): LeaseError {
  const message = `Somebody has asked the writer of ${path} to stop${reason === "" ? "" : `: ${reason}`}.`;
  return new LeaseError("stopped", message, { reason });
}

function hasEnded(path: string): LeaseError {
  const wrong = `Expected the lease of ${path}, got an address that somebody has ended`;
  return new LeaseError("lost", `${wrong}; publish nothing more.`);
}

function hubCloses({ path }: Pick<Lease, "path">): LeaseError {
  return new LeaseError("closing", `The hub closes, and with it the writer of ${path}.`);
}
