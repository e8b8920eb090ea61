import { AppendError, type NewEntry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Clock } from "@tidings/protocol/clock";
import { answered } from "../publish/answered.ts";
import type { Published } from "../publish/publication.ts";
import type { HeldLease } from "./held-lease.ts";
import { abortedEnd, type Lease } from "./lease-entry.ts";
import { LeaseError } from "./lease-error.ts";

interface WriterNeeds {
  readonly clock: Pick<Clock, "setTimeout">;
  /** Requests to stop count from this position on. Null: every one that stands when the lease is taken. */
  readonly stopsSince: Cursor | null;
  /** Called when the writer is over, for whatever reason. */
  onOver(): void;
}

/** An entry that waits for its batch. */
interface WaitingEntry {
  readonly entry: NewEntry;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
}

/** How many events one batch has at most. */
const BATCH_EVENTS = 200;
/** How often a silent writer renews its lease within its time. */
const RENEWALS = 3;
/** How many events may wait for the log. */
const MOST_WAITING = 10_000;

/**
 * Sends what a writer publishes, one batch after the other, and renews the lease in between. `open` takes events,
 * `finishing` takes none and sends what waits, `over` sends nothing.
 */
export class OpenWriter {
  readonly lease: Lease;
  readonly #needs: WriterNeeds;
  readonly #held: HeldLease;
  /** Where the lease was taken. */
  readonly takenAt: Cursor;
  readonly #controller = new AbortController();
  #state: "open" | "finishing" | "over" = "open";
  /** What a call gets that comes too late. */
  #refusal: LeaseError;
  #waiting: WaitingEntry[] = [];
  #sending: Promise<void> | null = null;
  /** The last attempt to give the lease up. */
  #finishing: Promise<unknown> | null = null;
  /** Whether somebody else has ended the address: there is nothing to write any more. */
  #isEnded = false;
  #cancelRenewal: () => void = () => {};

  constructor(lease: Lease, held: HeldLease, needs: WriterNeeds) {
    this.lease = lease;
    this.#needs = needs;
    this.#held = held;
    this.takenAt = held.position;
    this.#refusal = new LeaseError(
      "released",
      `Expected the writer of ${lease.path} to be open, got one that has ended.`,
    );
    this.#renewLater();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether nothing is sent any more. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Tells the application to come to an end, unless the request for it was made too early. */
  stop(position: Cursor, error: LeaseError): void {
    const { stopsSince } = this.#needs;
    if (stopsSince === null || isAfter(position, stopsSince)) this.abort(error);
  }

  /** Somebody else has ended the address. The application may not notice, and the lease would stand for ever. */
  leaveSince(position: Cursor, error: LeaseError): void {
    if (isAfter(position, this.takenAt)) this.leave(error);
  }

  /** Gives the lease up, and tries again until that is done. */
  leave(error: LeaseError): void {
    this.abort(error);
    this.#isEnded = true;
    this.#refusal = error;
    this.#leave();
  }

  /** Tells the application to come to an end. Only the first reason counts. */
  abort(error: LeaseError): void {
    if (this.#state !== "over") this.#controller.abort(error);
  }

  /** @throws LeaseError, AppendError */
  publish(entry: NewEntry): Promise<Published> {
    if (this.#state !== "open") return Promise.reject(this.#refusal);
    if (this.#waiting.length >= MOST_WAITING) {
      const wrong = `Expected at most ${MOST_WAITING} events of ${this.lease.path} to wait for the log, got more`;
      return Promise.reject(new AppendError("none", `${wrong}; await publish.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      void this.#send();
    });
  }

  /**
   * Sends what waits, then the last events, and gives the lease up with them.
   * @throws LeaseError, and AppendError when nothing is stored: the writer is then open as before
   */
  finish(last: readonly NewEntry[]): Promise<readonly Published[]> {
    if (this.#state !== "open") return Promise.reject(this.#refusal);
    this.#state = "finishing";
    const finishing = this.#finish(last);
    this.#finishing = finishing;
    return finishing;
  }

  async #finish(last: readonly NewEntry[]): Promise<readonly Published[]> {
    while (this.#sending !== null) await this.#sending;
    if (this.isOver) throw this.#refusal;
    this.#cancelRenewal();
    try {
      const published = await this.#held.finish(last);
      this.#close(this.#refusal);
      return published;
    } catch (error) {
      this.#takeFailure(error);
      this.#openAgain();
      throw error;
    }
  }

  /** The last batch was refused, and the lease still stands. */
  #openAgain(): void {
    if (this.isOver) return;
    this.#state = "open";
    this.#renewLater();
  }

  /** Gives the lease up, if it still has it. @throws LeaseError, AppendError as {@link finish} does */
  async release(): Promise<void> {
    await this.#finished();
    if (!this.isOver) await this.finish([]);
  }

  /** Gives the lease up for an application that does not: the address ends as if the writer had died. */
  async abandon(): Promise<void> {
    await this.finish(abortedEnd(this.lease));
  }

  /** Abandons what the application has left open. @throws AppendError when nothing is stored */
  async dispose(): Promise<void> {
    await this.#finished();
    if (this.isOver) return;
    await this.abandon().catch((error: unknown) => {
      // The address is no longer this writer's.
      if (!(error instanceof LeaseError)) throw error;
    });
  }

  /** Sends batch after batch until nothing waits; the first one renews the lease even if it is empty. */
  #send(): Promise<void> {
    this.#sending ??= this.#sendAll();
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    this.#cancelRenewal();
    // What is published in one go is one batch.
    await Promise.resolve();
    do {
      await this.#sendBatch(this.#waiting.splice(0, BATCH_EVENTS));
    } while (this.#waiting.length > 0);
    this.#sending = null;
    if (this.#state === "open") this.#renewLater();
  }

  async #sendBatch(batch: readonly WaitingEntry[]): Promise<void> {
    try {
      const published = await this.#held.renew(batch.map(({ entry }) => entry));
      for (const [index, { resolve }] of batch.entries()) resolve(answered(published[index]));
    } catch (error) {
      for (const { reject } of batch) reject(error);
      this.#takeFailure(error);
    }
  }

  #renewLater(): void {
    const renew = () => (this.#isEnded ? this.#leave() : void this.#send());
    this.#cancelRenewal = this.#needs.clock.setTimeout(renew, this.lease.ttl / RENEWALS, true);
  }

  /** If the log refuses it, it is tried again at the time of the next renewal. */
  #leave(): void {
    this.release().catch(() => {});
  }

  /** Waits for what gives the lease up. */
  async #finished(): Promise<void> {
    // An application that calls `end` again when it was refused has begun the next attempt by then.
    while (this.#state === "finishing") await this.#finishing?.catch(() => {});
  }

  /** After any other failure, nothing is stored and the lease still stands. */
  #takeFailure(error: unknown): void {
    if (error instanceof LeaseError) {
      this.abort(error);
      this.#close(error);
    }
  }

  #close(refusal: LeaseError): void {
    this.#state = "over";
    this.#refusal = refusal;
    this.#cancelRenewal();
    for (const { reject } of this.#waiting.splice(0)) reject(refusal);
    this.#needs.onOver();
  }
}

/** Whether a position comes after another one. One of another epoch counts as later. */
function isAfter({ epoch, seq }: Cursor, other: Cursor): boolean {
  return epoch !== other.epoch || seq > other.seq;
}
