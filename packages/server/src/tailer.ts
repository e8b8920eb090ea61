import type { Entry, EventLog, Hole, Limit } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "./clock.ts";
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

  /** Places the ring at the log's head. */
  async start(): Promise<void> {
    // Watched first: an entry between the two would else wait for the poll.
    this.#unwatch = this.#log.watch(() => this.#onDoorbell());
    this.#ring.reset(await this.#log.head());
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
    if (this.#ring.head.epoch !== "" && !this.#reading) void this.#run(false);
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
      let more = true;
      while ((more || this.#rung) && !this.#closed) {
        this.#rung = false;
        more = await this.#readOnce(polled);
      }
    } catch (error) {
      // The poll tries again.
      this.#events.onError(error);
    } finally {
      this.#reading = false;
    }
  }

  async #readOnce(polled: boolean): Promise<boolean> {
    const before = this.#ring.head;
    const page = await this.#log.read(before, null, this.#limit);
    if (this.#closed) return false;
    if (page.holes.length > 0 || page.next.epoch !== before.epoch) {
      this.#ring.reset(page.next);
      this.#events.onReset(page.entries, page.holes, before);
    } else if (page.next.seq > before.seq) {
      if (polled && !this.#rung) this.missedDoorbells++;
      this.#ring.push(page.entries, page.next);
      this.#events.onEntries(page.entries, before);
    }
    return page.more;
  }
}
