import { AppendError, type Appended, type EventLog, type NewEntry } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub } from "@tidings/server";
import type { VirtualClock } from "@tidings/testing";
import { Suspendable } from "../suspendable.ts";
import { contract } from "./contract.ts";

/** What becomes of an append. */
type Outage = (batch: readonly NewEntry[]) => Promise<readonly Appended[]>;

interface ProcessOptions {
  readonly clock: VirtualClock;
  readonly log: EventLog;
  readonly random: () => number;
}

/** A process with a hub, on a log that several processes share. A test can stop it, kill it, and cut it off. */
export class FakeProcess {
  readonly hub;
  readonly records: string[] = [];
  /** How many batches have been appended. */
  batches = 0;
  /** Replaces the next appends, one each. */
  readonly outages: Outage[] = [];
  /** Whether the log does not answer any append. */
  isCutOff = false;
  /** Whether reads of the log get no answer. */
  isBlind = false;
  readonly #log: EventLog;
  readonly #process = new Suspendable();

  constructor({ clock, log, random }: ProcessOptions) {
    this.#log = log;
    this.hub = createHub(contract, {
      log: wrapLog(log, {
        append: (batch) => this.#answer(() => this.#append(batch)),
        read: async (...given) => {
          // Read when the process goes on, not before.
          await this.#process.running();
          if (this.isBlind) throw new Error("The log does not answer.");
          return this.#answer(() => log.read(...given));
        },
        current: (...given) => this.#answer(() => log.current(...given)),
        watch: (wake) => log.watch(() => this.#process.run(wake)),
        close: async () => {},
      }),
      clock: this.#process.clockOn(clock),
      random,
      authorize: () => true,
      onLog: ({ event, detail = "" }) => void this.records.push(`${event} ${detail}`),
    });
  }

  /** As SIGSTOP does. Without a {@link resume} it is kill -9. */
  stop(): void {
    this.#process.suspend();
  }

  /** As SIGCONT does: everything that is due happens now. */
  resume(): void {
    this.#process.resume();
  }

  /** The next append is stored, and its answer gets lost. */
  loseAnswer(): void {
    this.outages.push(async (batch) => {
      await this.#log.append(batch);
      throw unknown();
    });
  }

  /** The next append is not stored, and nobody can tell. */
  loseRequest(): void {
    this.outages.push(async () => {
      throw unknown();
    });
  }

  /** The next append is refused: the disk is full, for example. */
  refuse(): void {
    this.outages.push(async () => {
      throw new AppendError("none", "The disk is full.");
    });
  }

  async #append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.batches++;
    if (this.isCutOff) throw unknown();
    const outage = this.outages.shift();
    return outage === undefined ? this.#log.append(batch) : outage(batch);
  }

  /** A process that is stopped asks nothing, and sees no answer. */
  async #answer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    await this.#process.running();
    try {
      return await ask();
    } finally {
      await this.#process.running();
    }
  }
}

function unknown(): AppendError {
  return new AppendError("unknown", "The connection was lost.");
}
