import type { Entry, EventLog, Hole, Limit } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
import { withinTime } from "./gate.ts";
import { READ_TIME } from "./limits.ts";
import type { Ring } from "./ring.ts";

export interface TailerEvents {
  /** New entries are in the ring; `before` is the head until now. */
  onEntries(entries: readonly Entry[], before: Cursor): void;
  /** The ring was emptied: the log has a hole or a new epoch after `before`. */
  onReset(entries: readonly Entry[], holes: readonly Hole[], before: Cursor): void;
  onError(error: unknown): void;
}

/** How often the log is read without a ring of the doorbell, in milliseconds: delivery never hangs on a lost one. */
const POLL = 1_000;

/** Reads new entries of the log into the ring, for the whole process. */
export class Tailer {
  readonly #log: EventLog;
  readonly #ring: Ring;
  readonly #clock: Clock;
  readonly #limit: Limit;
  readonly #events: TailerEvents;
  #unwatch: (() => void) | null = null;
  #cancelPoll: (() => void) | null = null;
  #reading = false;
  #rung = false;
  #closed = false;
  /** Polls that found entries although the doorbell had not rung. */
  missedDoorbells = 0;

  constructor(log: EventLog, ring: Ring, clock: Clock, limit: Limit, events: TailerEvents) {
    this.#log = log;
    this.#ring = ring;
    this.#clock = clock;
    this.#limit = limit;
    this.#events = events;
  }

  /** Places the ring at the log's head. When the log does not answer, it may be called again. */
  async start(): Promise<void> {
    // Watched first: an entry between the two would else wait for the poll.
    this.#unwatch ??= this.#log.watch(() => this.#onDoorbell());
    const head = await withinTime(this.#clock, READ_TIME, () => this.#log.head());
    if (this.#closed) return;
    this.#ring.reset(head);
    this.#schedulePoll();
    if (this.#rung) void this.#run(false);
  }

  close(): void {
    this.#closed = true;
    this.#unwatch?.();
    this.#cancelPoll?.();
  }

  #onDoorbell(): void {
    this.#rung = true;
    if (this.#ring.head.epoch !== "" && !this.#reading && !this.#closed) void this.#run(false);
  }

  #schedulePoll(): void {
    this.#cancelPoll = this.#clock.setTimeout(() => {
      if (!this.#reading) void this.#run(true);
      this.#schedulePoll();
    }, POLL);
  }

  async #run(polled: boolean): Promise<void> {
    this.#reading = true;
    try {
      // The bell may ring inside of an append, and for each of several: whatever is published in one go is one read.
      await Promise.resolve();
      let unexpected = polled && !this.#rung;
      let more = true;
      while ((more || this.#rung) && !this.#closed) {
        this.#rung = false;
        more = await this.#readOnce(unexpected);
        unexpected = false;
      }
    } catch (error) {
      // The poll tries again.
      if (!this.#closed) this.#events.onError(error);
    } finally {
      this.#reading = false;
    }
  }

  async #readOnce(unexpected: boolean): Promise<boolean> {
    const before = this.#ring.head;
    const page = await withinTime(this.#clock, READ_TIME, (signal) =>
      this.#log.read(before, null, this.#limit, signal),
    );
    if (this.#closed) return false;
    if (page.holes.length > 0 || page.next.epoch !== before.epoch) {
      this.#ring.reset(page.next);
      this.#events.onReset(page.entries, page.holes, before);
    } else if (page.next.seq > before.seq) {
      if (unexpected && !this.#rung) this.missedDoorbells++;
      this.#ring.push(page.entries, page.next, this.#clock.now());
      this.#events.onEntries(page.entries, before);
    }
    return page.more;
  }
}
