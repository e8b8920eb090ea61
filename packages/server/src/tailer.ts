import { sleep } from "./clock.ts";
import type { Connections } from "./connections.ts";
import type { Base } from "./context.ts";
import { withinTime } from "./gate.ts";
import { READ_TIME } from "./limits.ts";
import type { Orders } from "./orders.ts";
import { checkRetention } from "./retention.ts";
import { Turn } from "./turn.ts";

/** How often the log is read without a ring of the doorbell, in milliseconds: delivery never hangs on a lost one. */
const POLL = 1_000;

/** Reads new entries of the log into the ring, for the whole process, and wakes those whom they concern. */
export function createTailer(context: Base, connections: Connections, orders: Orders) {
  const { log, ring, clock, trace, closing, page: limit } = context;
  let starting: Promise<void> | null = null;
  let isReading = false;
  const turn = new Turn(clock);
  /** How often the doorbell has rung. */
  let rings = 0;
  let missedDoorbells = 0;

  // Watched before the head is known: an entry between the two would else wait for the poll.
  const unwatch = log.watch(() => {
    rings++;
    if (ring.head.epoch !== "" && !isReading) void run();
  });
  closing.signal.addEventListener("abort", unwatch);

  async function start(): Promise<void> {
    const head = await withinTime(clock, READ_TIME, () => log.head());
    if (closing.signal.aborted) return;
    ring.reset(head);
    void poll();
    void checkRetention(context);
    if (rings > 0) void run();
  }

  async function poll(): Promise<void> {
    while (await sleep(clock, POLL, closing.signal)) {
      if (isReading) continue;
      const { head } = ring;
      const heard = rings;
      await run();
      if (ring.head !== head && rings === heard) missedDoorbells++;
    }
  }

  /** Reads until the log has nothing more. */
  async function run(): Promise<void> {
    isReading = true;
    try {
      // The bell may ring inside of an append, and for each of several: whatever is published in one go is one read.
      await Promise.resolve();
      for (let heard = -1, more = true; (more || heard !== rings) && !closing.signal.aborted;) {
        heard = rings;
        await turn.begin();
        more = await readOnce();
      }
    } catch (error) {
      // The poll tries again.
      if (!closing.signal.aborted) trace.add("error", "read-failed", { error });
    } finally {
      isReading = false;
    }
  }

  async function readOnce(): Promise<boolean> {
    const before = ring.head;
    const page = await withinTime(clock, READ_TIME, (signal) => log.read(before, null, limit, signal));
    const { entries, holes, next } = page;
    if (holes.length > 0 || next.epoch !== before.epoch) {
      ring.reset(next);
      connections.wakeAll(before);
    } else if (next.seq > before.seq) {
      ring.push(entries, next, clock.now());
      for (const entry of entries) trace.passed("ring", entry, entry);
      connections.onEntries(entries, before);
    }
    orders.follow(entries, holes);
    return page.more;
  }

  return {
    /** Resolves when the ring stands. A log that did not answer is asked again by the next call. */
    ready(): Promise<void> {
      starting ??= start().catch((error: unknown) => {
        starting = null;
        throw error;
      });
      return starting;
    },
    /** Polls that found entries although the doorbell had not rung. */
    missedDoorbells: () => missedDoorbells,
  };
}
