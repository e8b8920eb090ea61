import type { Entry, EventLog, Hole, Page } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { END_TYPE } from "@tidings/protocol/mode";
import { PublishError } from "../publish/publish-error.ts";
import type { Publisher } from "../publish/publisher.ts";
import { READ_TIME } from "../runtime/limits.ts";
import { sleep } from "../runtime/sleep.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";
import type { Trace } from "../runtime/trace.ts";
import { abortedEnd, isStop, LEASE_CHANNEL, leaseWithdrawals, parseStop } from "./lease-entry.ts";
import { StandingLeases, type StandingLease } from "./standing-leases.ts";
import { StopRequests, type StandingStop } from "./stop-requests.ts";

interface LeaseWatchNeeds {
  readonly log: Pick<EventLog, "current">;
  readonly publisher: Pick<Publisher, "appendAll">;
  readonly writers: {
    has(writer: string): boolean;
    noteHeld(writer: string, stop: StandingStop | null): void;
    stop(stop: StandingStop): void;
    noteEnd(path: string, position: Cursor): void;
  };
  /** Resolves when new entries of the log are followed. */
  readonly ready: () => Promise<void>;
  readonly clock: Pick<Clock, "monotonic" | "setTimeout">;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly trace: Pick<Trace, "add">;
  readonly closing: AbortSignal;
}

/** Notices leases whose writer is silent for too long, in the whole log, and ends their addresses. */
export interface LeaseWatch {
  /** Reads the leases that stand in the log. */
  start(): void;
  /** Takes the leases, the requests to stop and the ends of leased addresses among new entries of the log. */
  follow(entries: readonly Entry[], holes: readonly Hole[]): void;
}

/** How often leases are looked at, in milliseconds: between once and twice this time, so that processes differ. */
const CHECK_INTERVAL = 250;
/** How many addresses are ended at once. The others wait for the next look. */
const MOST_AT_ONCE = 1_000;
/** What one read of the leases returns at most. */
const PAGE = { entries: 1_000, bytes: 1_000_000 };

/**
 * It knows all leases of the log, one for each writer that lives, and has one timer for all of them, which runs only
 * while there are leases. It goes by its own clock, and may be wrong: the log decides. The end of an address expects
 * the lease to be the one that was silent, so a writer that has renewed it, or another process, was first.
 */
export function createLeaseWatch(needs: LeaseWatchNeeds): LeaseWatch {
  const { log, publisher, writers, ready, clock, random, trace, closing } = needs;
  const stops = new StopRequests({ clock, closing });
  const standing = new StandingLeases(clock);
  let mustRead = false;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned || closing.aborted || (standing.size === 0 && !mustRead)) return;
    isPlanned = true;
    void sleep(clock, CHECK_INTERVAL * (1 + random()), closing).then((isTime) => (isTime ? look() : undefined));
  }

  async function look(): Promise<void> {
    if (mustRead) await read();
    // The writers of this process live, and find out by themselves what they have lost.
    const silent = standing.silent().filter(({ lease }) => !writers.has(lease.writer));
    await Promise.all(silent.slice(0, MOST_AT_ONCE).map(end));
    isPlanned = false;
    plan();
  }

  async function end(silent: StandingLease): Promise<void> {
    const { lease, position } = silent;
    const withdrawals = leaseWithdrawals(lease.path, position);
    try {
      await append([...withdrawals, ...abortedEnd(lease)]).catch((error: unknown) => {
        if (!(error instanceof PublishError) || error.code !== "ended") throw error;
        return append(withdrawals);
      });
      const detail = `Its writer was silent for more than ${lease.ttl} ms, so its lease has ended.`;
      trace.add("warn", "lease", { channel: lease.path, id: formatCursor(position), detail });
    } catch (error) {
      // The next look tries again, unless the writer has renewed the lease or another process was faster.
      if (!(error instanceof PublishError)) {
        if (!closing.aborted) trace.add("error", "lease", { channel: lease.path, error });
        return;
      }
      // A failover may have lost the newest renewal. The log then has an older one, which is not sent again.
      if (error.cursor !== null) mustRead = true;
    }
    standing.forget(silent);
  }

  function append(entries: Parameters<Publisher["appendAll"]>[0]): Promise<unknown> {
    return publisher.appendAll(entries);
  }

  /** Reads what stands in the log. A failure is tried again at the next look. */
  async function read(): Promise<void> {
    mustRead = false;
    try {
      // In this order, no entry comes between the two.
      await ready();
      stops.beginReading();
      let after: Cursor | null = null;
      for (let more = true; more;) {
        const from: Cursor | null = after;
        const page: Page = await withTimeLimit(clock, READ_TIME, () => log.current([LEASE_CHANNEL], from, PAGE));
        for (const entry of page.entries) {
          if (isStop(entry)) takeReadStop(entry);
          else takeLease(entry);
        }
        ({ next: after, more } = page);
      }
    } catch (error) {
      mustRead = true;
      if (!closing.aborted) trace.add("error", "read-failed", { error });
    } finally {
      stops.endReading();
    }
  }

  function takeReadStop(entry: Entry): void {
    const stop = standingStopOf(entry);
    if (stop !== null && stops.setRead(stop)) writers.stop(stop);
  }

  function takeStop(entry: Entry): void {
    const stop = standingStopOf(entry);
    if (stop === null) return stops.delete(entry.key ?? "");
    stops.set(stop);
    writers.stop(stop);
  }

  function takeLease(entry: Entry): void {
    const lease = standing.take(entry);
    if (lease !== null) writers.noteHeld(lease.writer, stops.get(lease.path));
  }

  return {
    start() {
      mustRead = true;
      void read().then(plan);
    },

    follow(entries, holes) {
      for (const entry of entries) {
        const { channel, type, epoch, seq } = entry;
        if (channel === LEASE_CHANNEL) {
          if (isStop(entry)) takeStop(entry);
          else takeLease(entry);
        }
        if (type !== END_TYPE) continue;
        stops.delete(channel);
        // The end of a writer comes after its lease, so this is an end by somebody else.
        if (standing.has(channel)) writers.noteEnd(channel, { epoch, seq });
      }
      // Leases may be among what is lost to this process.
      if (holes.length > 0) mustRead = true;
      plan();
    },
  };
}

function standingStopOf(entry: Entry): StandingStop | null {
  const { epoch, seq } = entry;
  const request = parseStop(entry);
  return request && { request, position: { epoch, seq } };
}
