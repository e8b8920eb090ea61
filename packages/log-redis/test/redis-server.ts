import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { end, endWithThis, freePort, runs } from "../../log/test/node/server-process.ts";

/** The program of the server; null if this machine has none. No package of npm brings it along. */
export function findProgram(): string | null {
  const program = process.env["TIDINGS_REDIS_SERVER"] ?? "redis-server";
  return spawnSync(program, ["--version"]).error === undefined ? program : null;
}

export const NO_SERVER =
  "There is no redis-server on this machine. Install Redis 7, on Debian with `apt-get install redis-server`; .ci/run " +
  "does so when root runs it. Or set TIDINGS_REDIS_SERVER to the path of the program.";

/** Settings of the server, by name. */
export type Settings = Readonly<Record<string, string | number>>;

/** Everything that is acknowledged is in a file, which a process that is killed does not lose. */
export const DURABLE: Settings = { appendonly: "yes", save: "" };
/** Nothing is in a file. */
export const FLEETING: Settings = { appendonly: "no", save: "" };

/** A Redis in a temporary folder, on a port of its own. */
export class RedisServer {
  readonly folder: string;
  readonly port: number;
  readonly #program: string;
  readonly #settings: Settings;
  #process: ChildProcess | null = null;

  private constructor(program: string, folder: string, port: number, settings: Settings) {
    this.#program = program;
    this.folder = folder;
    this.port = port;
    this.#settings = settings;
  }

  /** Starts a new server. */
  static async start(program: string, settings: Settings): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), "tidings-redis-"));
    const server = new RedisServer(program, folder, await freePort(), settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the server, and waits until it answers. */
  async start(): Promise<void> {
    const own = { port: this.port, bind: "127.0.0.1", dir: this.folder, "repl-diskless-sync-delay": 0 };
    const settings = { ...own, ...this.#settings };
    const parameters = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn(this.#program, parameters, { cwd: this.folder, stdio: "ignore" });
    this.#process = child;
    endWithThis(child, "SIGKILL");
    for (const deadline = performance.now() + 30_000; !(await this.#answers());) {
      if (!runs(child) || performance.now() > deadline) throw new Error(`Redis does not start in ${this.folder}`);
      await sleep(20);
    }
  }

  async #answers(): Promise<boolean> {
    return this.send("ping").then(
      (answer) => answer === "PONG",
      () => false,
    );
  }

  /** Kills the server, as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops the server. It writes what its settings say. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** The server runs, but answers nothing, until `resume`. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Sends a command on a connection of its own. */
  async send(command: string, ...values: readonly (string | number)[]): Promise<unknown> {
    const client = new Redis(this.port, "127.0.0.1", { lazyConnect: true, retryStrategy: () => null });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.call(command, [...values]);
    } finally {
      client.disconnect();
    }
  }

  /** Makes this server a replica of another one, and waits until it has everything that the other one has. */
  async follow(primary: RedisServer): Promise<void> {
    await this.send("replicaof", "127.0.0.1", primary.port);
    // It looks attached before its first copy is complete.
    await this.waitFor("master_link_status:up", "info", "replication");
  }

  /** Makes a replica the primary. */
  async promote(): Promise<void> {
    await this.send("replicaof", "no", "one");
  }

  /** Repeats a command until its answer has a text. */
  async waitFor(text: string, command: string, ...values: readonly string[]): Promise<void> {
    for (const deadline = performance.now() + 20_000; !String(await this.send(command, ...values)).includes(text);) {
      if (performance.now() > deadline) throw new Error(`Redis does not get there: ${text}`);
      await sleep(20);
    }
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.#end("SIGKILL");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    await end(child, signal);
  }
}
