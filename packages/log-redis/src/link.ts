import type { Clock } from "@tidings/protocol/clock";
import { Redis, type RedisOptions } from "ioredis";
import type { Connection } from "./connection.ts";
import { isMissingScript, isUnsent, isWrongServer, NoAnswerError, NotConnectedError } from "./redis-error.ts";
import type { Script } from "./scripts/script.ts";

/** A value that a script or command gets. */
export type Value = string | number;

/** Options of {@link Link}. */
export interface LinkOptions {
  readonly clock: Clock;
  /** The milliseconds until an attempt to connect, or a command without an answer, fails. */
  readonly patience: number;
}

/** How often a command is tried that could not be sent. */
const ATTEMPTS = 3;

type Settings = Omit<RedisOptions, "replyMapping">;

/**
 * A client that is not connected yet. It never connects again by itself: then it would send a command again that the
 * server has run before, or forget to answer its caller.
 */
export function newClient(connection: Connection, patience: number): Redis {
  // Safe: the client leaves out what is undefined.
  const given = (typeof connection === "string" ? {} : connection) as Settings;
  const settings: Settings = {
    connectionName: "tidings",
    ...given,
    protocol: 2,
    lazyConnect: true,
    connectTimeout: patience,
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
  };
  const client = typeof connection === "string" ? new Redis(connection, settings) : new Redis(settings);
  // Without a listener, the client writes errors to the console. Whoever waits for an answer is told.
  client.on("error", () => {});
  return client;
}

/**
 * One connection, made when it is needed, and again when it was lost. A command is sent once: when its connection is
 * lost, or when the answer does not come in time, nobody knows whether the server has run it.
 */
export class Link {
  readonly #connection: Connection;
  readonly #options: LinkOptions;
  #client: Promise<Redis> | null = null;

  constructor(connection: Connection, options: LinkOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Runs a script.
   *
   * @param key the first key of the log
   */
  async run({ text, hash }: Script, key: string, values: readonly Value[]): Promise<unknown> {
    try {
      return await this.send("evalsha", [hash, 1, key, ...values]);
    } catch (error) {
      // A server that has restarted knows no script.
      if (!isMissingScript(error)) throw error;
      return this.send("eval", [text, 1, key, ...values]);
    }
  }

  /**
   * Sends a command.
   *
   * @throws NotConnectedError if it was not sent
   * @throws NoAnswerError if the server does not answer in time
   */
  async send(command: string, values: readonly Value[]): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connect();
      try {
        return await this.#inTime(client, client.call(command, [...values]));
      } catch (error) {
        // The address may lead to another server by now.
        if (isUnsent(error) || isWrongServer(error)) this.#drop(client);
        // A connection that has ended is noticed when it is used.
        if (!isUnsent(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Waits for nothing: the commands that run are given up. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    client?.disconnect();
  }

  async #connect(): Promise<Redis> {
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<Redis> {
    const client = newClient(this.#connection, this.#options.patience);
    client.once("close", () => {
      this.#client = null;
    });
    // The client rejects with an error of its own, and emits what has happened.
    let report: unknown = null;
    client.on("error", (error) => {
      report = error;
    });
    try {
      await this.#inTime(client, client.connect());
      return client;
    } catch (cause) {
      this.#drop(client);
      throw new NotConnectedError(report ?? cause);
    }
  }

  async #inTime<Answer>(client: Redis, answer: Promise<Answer>): Promise<Answer> {
    const { clock, patience } = this.#options;
    let cancel = (): void => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = clock.setTimeout(() => {
        reject(new NoAnswerError(patience));
        // Whatever waits on this connection would wait, too.
        this.#drop(client);
      }, patience);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      cancel();
    }
  }

  #drop(client: Redis): void {
    this.#client = null;
    client.disconnect();
  }
}
