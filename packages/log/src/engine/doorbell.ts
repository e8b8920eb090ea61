import { callSafely } from "@tidings/protocol/call-safely";
import type { Clock } from "@tidings/protocol/clock";

/** How long the test of the doorbell waits for its ring once it has rung, in milliseconds. */
const TEST_TIME = 2_000;
/** After so many milliseconds without a ring, the doorbell is tested again. */
const SILENCE = 15_000;
/** How long an attempt to listen may take, in milliseconds. */
const ATTEMPT_TIME = 10_000;
/** The pauses before the next attempt to listen, in milliseconds: the first, and the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;
/** The pause after an attempt that heard nothing, in milliseconds: the storage may only have been slow. */
const DEAF_PAUSE = 300_000;
/** The interval of polls while the doorbell is not known to work, in milliseconds. */
export const POLL_INTERVAL = 400;

/** A connection that listens. It is made for one attempt. */
export interface BellConnection {
  /** Resolves when the connection has ended. Never rejects. */
  readonly ended: Promise<void>;
  /**
   * Connects, and listens.
   *
   * @param hear to be called for each ring that arrives
   * @throws if it cannot, for now or for ever
   */
  listen(hear: () => void): Promise<void>;
  /** Ends the connection, or the attempt to make it. Never rejects. */
  close(): void | Promise<void>;
}

/** What {@link Doorbell} needs. */
export interface DoorbellNeeds {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly wake: () => void;
  readonly connect: () => BellConnection;
  /** Rings through another connection, as an append does: every process hears it. */
  readonly ring: () => Promise<unknown>;
  /** Whether an error says that listening is not allowed, so that no further attempt is of use. @default never */
  readonly isRefused?: (error: unknown) => boolean;
  /** Called at most once, when listening turns out to be of no use for now. It may throw or reject. */
  readonly onDeaf: () => unknown;
}

/**
 * Hears of what other processes append, on a connection of its own, which is made again when it ends. Behind some
 * poolers and proxies, listening succeeds but nothing arrives: so the doorbell rings itself first. Until it has heard
 * that, it polls. A connection may also die without an end, so the doorbell rings itself again after a silence. Where
 * several processes listen, one of them does it for all.
 */
export class Doorbell {
  readonly #needs: DoorbellNeeds;
  #connection: BellConnection;
  /** To be called when a ring arrives while the doorbell is tested. */
  #onTestRing: () => void = () => {};
  /** Whether a ring has arrived in this interval. */
  #hasHeard = false;
  /** Whether it has passed a test. If it then fails one, its connection is to blame. */
  #hasWorked = false;
  #pause = FIRST_PAUSE;
  #hasWarned = false;
  /** Cancels the end of the attempt, of the test, of the interval or of the pause. */
  #cancelTimer: () => void = () => {};
  /** Cancels the next poll; null while the doorbell works. */
  #cancelPoll: (() => void) | null = null;
  #closed = false;

  constructor(needs: DoorbellNeeds) {
    this.#needs = needs;
    this.#connection = needs.connect();
    this.#poll();
    void this.#listen(this.#connection);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#cancelPoll?.();
    await this.#connection.close();
  }

  async #listen(connection: BellConnection): Promise<void> {
    const end = await this.#hearUntilItEnds(connection);
    this.#cancelTimer();
    await connection.close();
    if (this.#closed) return;
    if (end !== "lost") this.#warn();
    // Meanwhile a ring may have been lost.
    this.#needs.wake();
    if (this.#cancelPoll === null) this.#poll();
    if (end === "refused") return;
    const pause = end === "deaf" ? DEAF_PAUSE : this.#pause;
    this.#cancelTimer = this.#needs.clock.setTimeout(() => this.#listenAgain(), pause, true);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    callSafely(this.#needs.onDeaf);
  }

  #listenAgain(): void {
    this.#connection = this.#needs.connect();
    void this.#listen(this.#connection);
  }

  /** Resolves when the connection has ended, hears nothing, or may not listen. */
  async #hearUntilItEnds(connection: BellConnection): Promise<"lost" | "deaf" | "refused"> {
    const { isRefused = () => false } = this.#needs;
    const unlessEnded = watchEnd(connection.ended);
    try {
      const listening = connection.listen(() => this.#hear()).then(() => true);
      if ((await unlessEnded(Promise.race([listening, this.#sleep(ATTEMPT_TIME)]))) === null) return "lost";
      for (;;) {
        const ringing = this.#nextRing();
        // A slow storage has not rung yet.
        const hasRung = await unlessEnded(this.#needs.ring().then(() => true));
        if (this.#closed || hasRung === null) return "lost";
        const isHeard = await unlessEnded(Promise.race([ringing, this.#late()]));
        if (this.#closed || isHeard === null) return "lost";
        if (!isHeard) break;
        this.#goOnWithoutPolls();
        if ((await unlessEnded(this.#quiet())) === null) return "lost";
      }
      // What has worked before has lost its connection.
      return this.#hasWorked ? "lost" : "deaf";
    } catch (error) {
      return isRefused(error) ? "refused" : "lost";
    }
  }

  #goOnWithoutPolls(): void {
    this.#hasWorked = true;
    this.#pause = FIRST_PAUSE;
    this.#cancelPoll?.();
    this.#cancelPoll = null;
  }

  /** Resolves after an interval in which no ring has arrived. */
  async #quiet(): Promise<true> {
    do {
      this.#hasHeard = false;
      await this.#sleep(SILENCE);
    } while (this.#hasHeard);
    return true;
  }

  #hear(): void {
    this.#hasHeard = true;
    this.#onTestRing();
    if (!this.#closed) this.#needs.wake();
  }

  #nextRing(): Promise<true> {
    return new Promise((resolve) => {
      this.#onTestRing = () => resolve(true);
    });
  }

  async #late(): Promise<false> {
    await this.#sleep(TEST_TIME);
    return false;
  }

  /** Resolves after so many milliseconds, unless another of its calls comes first. */
  #sleep(milliseconds: number): Promise<null> {
    this.#cancelTimer();
    return new Promise((resolve) => {
      this.#cancelTimer = this.#needs.clock.setTimeout(() => resolve(null), milliseconds, true);
    });
  }

  /** Wakes again and again. */
  #poll(): void {
    this.#cancelPoll = this.#needs.clock.setTimeout(
      () => {
        this.#needs.wake();
        this.#poll();
      },
      POLL_INTERVAL,
      true,
    );
  }
}

/**
 * Waits for one promise after the other, or for the end, which gives null. Not by `Promise.race`: the promise of the
 * end would remember each of them, for as long as the connection lives.
 */
function watchEnd(ended: Promise<unknown>): <Result>(promise: Promise<Result>) => Promise<Result | null> {
  let isOver = false;
  let onEnd = (): void => {};
  const note = async (): Promise<void> => {
    await ended;
    isOver = true;
    onEnd();
  };
  void note();
  return (promise) =>
    new Promise((resolve, reject) => {
      onEnd = () => resolve(null);
      if (isOver) onEnd();
      promise.then(resolve, reject);
    });
}
