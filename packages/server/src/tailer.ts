import { sleep } from "./clock.ts";
import type { Context } from "./context.ts";
import { withinTime } from "./gate.ts";
import { READ_TIME } from "./limits.ts";
import { checkRetention } from "./retention.ts";

/** How often the log is read without a ring of the doorbell, in milliseconds: delivery never hangs on a lost one. */
const POLL = 1_000;

/** Reads new entries of the log into the ring, for the whole process, and wakes those whom they concern. */
export class Tailer {
  readonly #context: Context;
  #starting: Promise<void> | null = null;
  #reading = false;
  /** How often the doorbell has rung. */
  #rings = 0;
  /** Polls that found entries although the doorbell had not rung. */
  missedDoorbells = 0;

  constructor(context: Context) {
    const { log, closing } = context;
    this.#context = context;
    // Watched before the head is known: an entry between the two would else wait for the poll.
    const unwatch = log.watch(() => this.#onDoorbell());
    closing.signal.addEventListener("abort", unwatch);
  }

  /** Resolves when the ring stands. A log that did not answer is asked again by the next call. */
  ready(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { log, ring, clock, closing } = this.#context;
    const head = await withinTime(clock, READ_TIME, () => log.head());
    if (closing.signal.aborted) return;
    ring.reset(head);
    void this.#poll();
    void checkRetention(this.#context);
    if (this.#rings > 0) void this.#run();
  }

  #onDoorbell(): void {
    this.#rings++;
    if (this.#context.ring.head.epoch !== "" && !this.#reading) void this.#run();
  }

  async #poll(): Promise<void> {
    const { clock, closing } = this.#context;
    // However long a read takes, the next look is not later.
    while (await sleep(clock, POLL, closing.signal)) if (!this.#reading) void this.#look();
  }

  async #look(): Promise<void> {
    const { ring } = this.#context;
    const { head } = ring;
    const rings = this.#rings;
    await this.#run();
    if (ring.head !== head && this.#rings === rings) this.missedDoorbells++;
  }

  /** Reads until the log has nothing more. */
  async #run(): Promise<void> {
    const { trace, closing } = this.#context;
    this.#reading = true;
    try {
      // The bell may ring inside of an append, and for each of several: whatever is published in one go is one read.
      await Promise.resolve();
      for (let rings = -1, more = true; (more || rings !== this.#rings) && !closing.signal.aborted;) {
        rings = this.#rings;
        more = await this.#readOnce();
      }
    } catch (error) {
      // The poll tries again.
      if (!closing.signal.aborted) trace.add("error", "read-failed", { error });
    } finally {
      this.#reading = false;
    }
  }

  async #readOnce(): Promise<boolean> {
    const { log, ring, clock, connections, orders, page: limit, trace } = this.#context;
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
}
