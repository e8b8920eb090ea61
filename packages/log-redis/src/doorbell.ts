import type { Clock } from "@tidings/protocol/clock";
import type { Redis } from "ioredis";
import type { Database } from "./database.ts";

/** How long the test of the doorbell waits for its ring, in milliseconds. */
const TEST_TIME = 2_000;
/** The pauses before the next attempt to subscribe, in milliseconds: the first, and the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** The interval of polls while the doorbell is not known to work, in milliseconds. */
const POLL_INTERVAL = 400;

/** Options of {@link Doorbell}. */
interface DoorbellOptions {
  readonly clock: Clock;
  /** Called when there may be new entries. */
  readonly ring: () => void;
  /** Called when a subscription turns out to hear nothing; then at most once. */
  readonly warn: (warning: string) => void;
}

/**
 * Hears of appends of every process by SUBSCRIBE, on a connection of its own, which is made again when it ends.
 * Some proxies and rights of users let a subscription hear nothing: so the doorbell rings itself first. Until it has
 * heard that, it polls.
 */
export class Doorbell {
  readonly #database: Database;
  readonly #options: DoorbellOptions;
  #client: Redis | null = null;
  #pause = FIRST_PAUSE;
  #cancelTimer: (() => void) | null = null;
  /** Cancels the next poll; null while the doorbell works. */
  #cancelPoll: (() => void) | null = null;
  #hasWarned = false;
  #closed = false;

  constructor(database: Database, options: DoorbellOptions) {
    this.#database = database;
    this.#options = options;
    this.#schedulePoll();
    void this.#listen();
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelPoll?.();
    this.#client?.disconnect();
  }

  async #listen(): Promise<void> {
    const client = this.#database.newClient();
    this.#client = client;
    const ended = new Promise<never>((_resolve, reject) => {
      client.once("end", () => reject(new Error("expected a connection that listens, got one that has ended")));
    });
    ended.catch(() => this.#listenLater(client));
    try {
      await client.connect();
      await client.subscribe(this.#database.bell);
      const isHeard = await Promise.race([this.#isHeard(client), ended]);
      if (this.#closed) return;
      if (!isHeard) return this.#giveUp(client);
      this.#pause = FIRST_PAUSE;
      this.#cancelPoll?.();
      this.#cancelPoll = null;
      client.on("message", this.#options.ring);
      // Entries may have come before the connection listened.
      this.#options.ring();
    } catch (error) {
      if (isRefused(error)) this.#giveUp(client);
      // The other errors end the connection.
      else client.disconnect();
    }
  }

  /** Whether what another connection publishes arrives. */
  async #isHeard(client: Redis): Promise<boolean> {
    const ringing = new Promise<boolean>((resolve) => {
      client.once("message", () => resolve(true));
      this.#cancelTimer = this.#options.clock.setTimeout(() => resolve(false), TEST_TIME, true);
    });
    await this.#database.send("publish", [this.#database.bell, ""]);
    const isHeard = await ringing;
    this.#cancelTimer?.();
    return isHeard;
  }

  /** To be called when a connection has ended. */
  #listenLater(client: Redis): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = null;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.setTimeout(() => void this.#listen(), this.#pause, true);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
    // Meanwhile a ring may have been lost.
    this.#options.ring();
    if (this.#cancelPoll === null) this.#schedulePoll();
  }

  /** Leaves it to the polls. */
  #giveUp(client: Redis): void {
    this.#client = null;
    client.disconnect();
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.warn(
      "SUBSCRIBE hears nothing, so new events of other servers are found by polling, within " +
        `${POLL_INTERVAL} ms. Give the log's user the right to the channel ${this.#database.bell}, or a direct ` +
        "connection to the server",
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

/** Whether the server has answered that it does not allow this. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOPERM");
}
