import type { EventLog } from "@tidings/log";
import type { Clock } from "./clock.ts";
import { withinTime } from "./gate.ts";
import type { Trace } from "./trace.ts";

/** How often retention is applied and expired values are withdrawn, in milliseconds. */
const TRIM = 5_000;
/** After how long a trim is taken for lost, in milliseconds: an engine may have much to delete. */
const TRIM_TIME = 60_000;
/** Milliseconds. Whoever is away for longer than the log keeps meets a gap. */
const SHORT = 60_000;

/** Has the log apply its retention, one trim after the other. */
export class Retention {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #trace: Trace;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(log: EventLog, clock: Clock, trace: Trace) {
    this.#log = log;
    this.#clock = clock;
    this.#trace = trace;
    this.#schedule();
  }

  /** Warns when the log keeps events so briefly that a short absence is a gap. */
  async check(): Promise<void> {
    try {
      const { keep } = await this.#log.stat();
      if (keep.age >= SHORT) return;
      const detail = `The log keeps ${keep.age} ms; a client that is away for longer meets a gap. Keep a minute at least.`;
      this.#trace.add({ level: "warn", event: "retention", detail });
    } catch (error) {
      this.#trace.add({ level: "error", event: "read-failed", error });
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.#clock.setTimeout(() => void this.#trim(), TRIM);
  }

  async #trim(): Promise<void> {
    try {
      await withinTime(this.#clock, TRIM_TIME, () => this.#log.trim());
    } catch (error) {
      this.#trace.add({ level: "error", event: "trim-failed", error });
    }
    if (!this.#closed) this.#schedule();
  }
}
