import type { Clock } from "@tidings/protocol/clock";
import { Redis, type RedisOptions } from "ioredis";
import type { Connection } from "./connection.ts";
import {
  ClosedError,
  isMissingScript,
  isUnsent,
  isWrongServer,
  NoAnswerError,
  NotConnectedError,
  UnconfirmedError,
  withoutCommand,
} from "./redis-error.ts";
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

/** After so many milliseconds of silence, the system asks whether the other side is still there. */
const KEEP_ALIVE = 10_000;

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
    keepAlive: KEEP_ALIVE,
  };
  const client = typeof connection === "string" ? new Redis(connection, settings) : new Redis(settings);
  // Without a listener, the client writes errors to the console. The call that waits for an answer is told.
  client.on("error", () => {});
  return client;
}

/** Connects a client. The client itself goes on with database 0 where it may not use the one that it was given. */
async function connect(client: Redis): Promise<void> {
  const { db = 0 } = client.options;
  if (!Number.isInteger(db)) throw new TypeError(`Expected the number of a database, got ${db}`);
  await client.connect();
  if (db !== 0) await client.call("select", [db]);
}

/**
 * One connection, made when it is needed, and again when it was lost. A command is sent once: when its connection is
 * lost, or when the answer does not come in time, nobody knows whether the server has run it.
 */
export class Link {
  readonly #connection: Connection;
  readonly #options: LinkOptions;
  /** The client whose connection is used, or being made. */
  #client: Redis | null = null;
  #connecting: Promise<Redis> | null = null;
  #closed = false;

  constructor(connection: Connection, options: LinkOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /**
   * Runs a script.
   *
   * @param key the first key of the log
   * @throws NotConnectedError if it was not sent
   * @throws NoAnswerError if the server does not answer in time
   */
  async run(script: Script, key: string, values: readonly Value[]): Promise<unknown> {
    return (await this.#run(script, key, values)).answer;
  }

  /**
   * Runs a script, and waits until replicas have what it has written.
   *
   * @returns the answer, and how many replicas have confirmed it
   * @throws as {@link run} does; and UnconfirmedError if the script has run, and nobody knows about the replicas
   */
  async runOnReplicas(
    script: Script,
    key: string,
    values: readonly Value[],
    { count, milliseconds }: { readonly count: number; readonly milliseconds: number },
  ): Promise<{ readonly answer: unknown; readonly confirmed: number }> {
    const { answer, client } = await this.#run(script, key, values);
    try {
      // Another connection has written nothing, so the server would not wait there.
      return { answer, confirmed: Number(await this.#inTime(client, client.call("wait", [count, milliseconds]))) };
    } catch (cause) {
      throw new UnconfirmedError(cause);
    }
  }

  /** Sends a command. @throws as {@link run} does */
  async send(command: string, values: readonly Value[]): Promise<unknown> {
    return (await this.#send(command, values)).answer;
  }

  /** Waits for nothing: the commands that run are given up, and so is an attempt to connect. */
  close(): void {
    this.#closed = true;
    if (this.#client !== null) this.#drop(this.#client);
  }

  async #run({ text, hash }: Script, key: string, values: readonly Value[]): Promise<Answered> {
    try {
      return await this.#send("evalsha", [hash, 1, key, ...values]);
    } catch (error) {
      // A server that has restarted knows no script.
      if (!isMissingScript(error)) throw error;
      return this.#send("eval", [text, 1, key, ...values]);
    }
  }

  async #send(command: string, values: readonly Value[]): Promise<Answered> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connect();
      try {
        return { client, answer: await this.#inTime(client, client.call(command, [...values])) };
      } catch (error) {
        // The address may lead to another server by now.
        if (isUnsent(error) || isWrongServer(error)) this.#drop(client);
        // A connection that has ended is noticed when it is used.
        if (!isUnsent(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #connect(): Promise<Redis> {
    // What is tried again after the end would leave a connection behind.
    if (this.#closed) throw new ClosedError();
    this.#connecting ??= this.#open();
    return this.#connecting;
  }

  async #open(): Promise<Redis> {
    const client = newClient(this.#connection, this.#options.patience);
    this.#client = client;
    client.once("close", () => this.#drop(client));
    // The client rejects with an error of its own, and emits what has happened.
    let report: unknown = null;
    client.on("error", (error) => {
      report = withoutCommand(error);
    });
    try {
      await this.#inTime(client, connect(client));
      return client;
    } catch (cause) {
      this.#drop(client);
      throw this.#closed ? new ClosedError() : new NotConnectedError(report ?? cause);
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
    } catch (error) {
      throw withoutCommand(error);
    } finally {
      cancel();
    }
  }

  /** The next command makes a new connection. Only the first of those who wait in vain drops the client. */
  #drop(client: Redis): void {
    if (this.#client !== client) return;
    client.disconnect();
    this.#client = null;
    this.#connecting = null;
  }
}

/** The answer to a command, and the client that got it. */
interface Answered {
  readonly answer: unknown;
  readonly client: Redis;
}
