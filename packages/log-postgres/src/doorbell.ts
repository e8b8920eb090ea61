import type { Clock } from "@tidings/protocol/clock";
import type { Client } from "pg";
import type { Database } from "./database.ts";

/** How long the test of the doorbell waits for its ring, in milliseconds. */
const TEST_TIME = 2_000;
/** The pauses before the next attempt to listen, in milliseconds: the first, and the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** The interval of polls while the doorbell is not known to work, in milliseconds. */
const POLL_INTERVAL = 400;

/** Options of {@link Doorbell}. */
interface DoorbellOptions {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly ring: () => void;
  /** Called when LISTEN turns out to hear nothing; then at most once. */
  readonly warn: (warning: string) => void;
}

/**
 * Hears of appends of every process by LISTEN, on a connection of its own. The connection is made again when it ends.
 * Behind a pooler, LISTEN succeeds but nothing arrives: so the doorbell rings itself first. Until it has heard
 * that, it polls.
 */
export class Doorbell {
  readonly #database: Database;
  readonly #options: DoorbellOptions;
  #client: Client | null = null;
  #pause = FIRST_PAUSE;
  #cancelTimer: (() => void) | null = null;
  /** Cancels the next poll; null while the doorbell works. */
  #cancelPoll: (() => void) | null = null;
  #closed = false;

  constructor(database: Database, options: DoorbellOptions) {
    this.#database = database;
    this.#options = options;
    this.#schedulePoll();
    void this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelPoll?.();
    await this.#client?.end().catch(() => {});
  }

  async #listen(): Promise<void> {
    const client = this.#database.newClient();
    this.#client = client;
    // Without a listener, the error of a lost connection ends the process; "end" follows.
    client.on("error", () => {});
    let hasEnded = false;
    client.once("end", () => {
      hasEnded = true;
    });
    try {
      await client.connect();
      await client.query(`listen ${this.#database.schema}`);
      const isHeard = await this.#isHeard(client);
      if (this.#closed) return;
      if (!isHeard) return await this.#giveUp(client);
      if (hasEnded) throw new Error("expected a connection that listens, got one that has ended");
      this.#pause = FIRST_PAUSE;
      this.#cancelPoll?.();
      this.#cancelPoll = null;
      client.on("notification", this.#options.ring);
      client.once("end", () => this.#listenLater());
      // Entries may have come before the connection listened.
      this.#options.ring();
    } catch {
      await client.end().catch(() => {});
      this.#listenLater();
    }
  }

  /** Whether a NOTIFY of another connection arrives. @throws Error if the connection is lost */
  async #isHeard(client: Client): Promise<boolean> {
    const ringing = new Promise<boolean>((resolve, reject) => {
      client.once("notification", () => resolve(true));
      client.once("end", () => reject(new Error("expected a connection that listens, got one that has ended")));
      this.#cancelTimer = this.#options.clock.setTimeout(() => resolve(false), TEST_TIME, true);
    });
    const text = "select pg_notify($1, '')";
    const [isHeard] = await Promise.all([ringing, this.#database.query(text, [this.#database.name])]);
    this.#cancelTimer?.();
    return isHeard;
  }

  #listenLater(): void {
    this.#client = null;
    if (this.#closed) return;
    this.#cancelTimer = this.#options.clock.setTimeout(() => void this.#listen(), this.#pause, true);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    // Meanwhile a ring may have been lost.
    this.#options.ring();
    if (this.#cancelPoll === null) this.#schedulePoll();
  }

  /** Leaves it to the polls. */
  async #giveUp(client: Client): Promise<void> {
    await client.end().catch(() => {});
    this.#options.warn(
      "LISTEN hears nothing, as behind a pooler that shares connections between transactions; new events of other " +
        `servers are found by polling, within ${POLL_INTERVAL} ms. Give the log a direct connection`,
    );
  }

  #schedulePoll(): void {
    if (this.#closed) return;
    const poll = (): void => {
      this.#options.ring();
      this.#schedulePoll();
    };
    this.#cancelPoll = this.#options.clock.setTimeout(poll, POLL_INTERVAL, true);
  }
}
