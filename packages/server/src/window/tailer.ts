import type { Entry, EventLog, Hole, Limit, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { sleep } from "../runtime/sleep.ts";
import { READ_TIME } from "../runtime/limits.ts";
import { readHead } from "../runtime/read-head.ts";
import { withTimeLimit } from "../runtime/time-limit.ts";
import type { Trace } from "../runtime/trace.ts";
import { TurnBudget } from "../runtime/turn-budget.ts";
import type { RecentHeads } from "./recent-heads.ts";
import type { Ring } from "./ring.ts";

interface TailerNeeds {
  readonly log: Pick<EventLog, "head" | "read" | "watch">;
  readonly ring: Pick<Ring, "head" | "reset" | "push">;
  readonly recentHeads: Pick<RecentHeads, "note">;
  readonly clock: Clock;
  readonly trace: Pick<Trace, "add" | "stage">;
  readonly closing: AbortSignal;
  /** What one read of the log may return. */
  readonly readLimit: Limit;
  /** Who is woken: see {@link Tailer}. */
  readonly followers: {
    onEntries(entries: readonly Entry[], headBefore: Cursor): void;
    wakeAll(headBefore: Cursor): void;
  };
  /** Who carries out the commands among the entries. */
  readonly commands: EntryFollower;
  /** Who learns of the leases among the entries. */
  readonly leases: EntryFollower;
}

interface EntryFollower {
  follow(entries: readonly Entry[], holes: readonly Hole[]): void;
}

/** Reads new entries of the log into the ring, for the whole process, and wakes the followers of their paths. */
export interface Tailer {
  /** Resolves when the ring has its first position. When the log does not answer, the next call asks it again. */
  ready(): Promise<void>;
  /** Resolves when the read of the log that is under way has ended; at once when none is. Never rejects. */
  caughtUp(): Promise<void>;
  /** How many polls have found entries although the doorbell had not rung. */
  missedDoorbells(): number;
}

/**
 * How often the log is read without a doorbell, in milliseconds, so that a lost doorbell delays an event by this at
 * most.
 */
const POLL_INTERVAL = 1_000;

/** A path that no contract can have, so nothing is published there. */
const ANY_PATH = "$tailer";

export function createTailer(needs: TailerNeeds): Tailer {
  const { log, ring, recentHeads, clock, trace, closing, readLimit, followers, commands, leases } = needs;
  const budget = new TurnBudget(clock);
  let starting: Promise<void> | null = null;
  let isReading = false;
  let lastRead: Promise<void> = Promise.resolve();
  let doorbells = 0;
  let missedDoorbells = 0;

  // Before the head is read: otherwise an entry that comes between the two would wait for the poll.
  const unwatch = log.watch(() => {
    doorbells++;
    if (ring.head.epoch !== "" && !isReading) void readAll();
  });
  closing.addEventListener("abort", unwatch);

  async function start(): Promise<void> {
    const head = await readHead({ log, clock });
    if (closing.aborted) return;
    ring.reset(head);
    recentHeads.note(head);
    void poll();
    if (doorbells > 0) void readAll();
  }

  async function poll(): Promise<void> {
    while (await sleep(clock, POLL_INTERVAL, closing)) {
      recentHeads.note(ring.head);
      if (isReading) continue;
      const headBefore = ring.head;
      const doorbellsBefore = doorbells;
      await readAll();
      if (ring.head !== headBefore && doorbells === doorbellsBefore) missedDoorbells++;
    }
  }

  function readAll(): Promise<void> {
    lastRead = readPages();
    return lastRead;
  }

  /** Reads page after page, until the log has nothing more and no doorbell has rung during the last read. */
  async function readPages(): Promise<void> {
    isReading = true;
    try {
      // The doorbell may ring inside of an append, and once for each of several: one read takes all that is published
      // in one go.
      await Promise.resolve();
      let more = true;
      let doorbellsBefore = doorbells;
      while (mustReadOn(more, doorbellsBefore, doorbells) && !closing.aborted) {
        doorbellsBefore = doorbells;
        await budget.available();
        more = await readPage();
      }
    } catch (error) {
      // The poll tries again.
      if (!closing.aborted) trace.add("error", "read-failed", { error });
    } finally {
      isReading = false;
    }
  }

  async function readPage(): Promise<boolean> {
    const before = ring.head;
    const page = await withTimeLimit(clock, READ_TIME, (signal) => log.read(before, null, readLimit, signal));
    const { entries, holes, next } = page;
    if (!(await goesOn(page, before))) {
      ring.reset(next);
      followers.wakeAll(before);
    } else if (next.epoch !== before.epoch) {
      takeIn(page);
      // Everybody has to learn of the new epoch: a lower bound of the old one may be void.
      followers.wakeAll(before);
    } else if (next.seq > before.seq) {
      takeIn(page);
      followers.onEntries(entries, before);
    }
    commands.follow(entries, holes);
    leases.follow(entries, holes);
    return page.more;
  }

  function takeIn({ entries, next }: Page): void {
    ring.push(entries, next, clock.now());
    recentHeads.note(next);
    for (const entry of entries) trace.stage("ring", entry, entry);
  }

  /**
   * Whether the ring can go on from where it stands (law 2). It cannot after a hole, nor in a log that does not know
   * its position. It can in a new epoch of the same log, if nothing is lost that it has read (law 4).
   */
  async function goesOn({ entries, holes, next }: Page, before: Cursor): Promise<boolean> {
    if (holes.length > 0) return false;
    // A position that the log does not know gets no entries.
    if (next.epoch === before.epoch || entries.length > 0) return true;
    // An empty log has no channel to name in the holes of all channels. So it is asked about one.
    const nothing = { entries: 0, bytes: 0 };
    const page = await withTimeLimit(clock, READ_TIME, (signal) => log.read(before, [ANY_PATH], nothing, signal));
    return page.holes.length === 0;
  }

  return {
    ready() {
      starting ??= start().catch((error: unknown) => {
        starting = null;
        throw error;
      });
      return starting;
    },
    caughtUp: () => lastRead,
    missedDoorbells: () => missedDoorbells,
  };
}

/** Whether another read must follow: the log has more, or the doorbell has rung since the last read began (law 10). */
export function mustReadOn(more: boolean, doorbellsBefore: number, doorbells: number): boolean {
  return more || doorbells !== doorbellsBefore;
}
