import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, chown, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { end, endWithThis, freePort, runs } from "../../log/test/node/server-process.ts";
import { onConnection } from "./connection.ts";
import type { ServerPrograms } from "./server-programs.ts";

/** Whether statements can be run there. */
export async function answers(url: string): Promise<boolean> {
  try {
    await onConnection(url, (client) => client.query("select 1"));
    return true;
  } catch {
    return false;
  }
}

/** Settings of the server, by name. */
export type Settings = Readonly<Record<string, string | number>>;

/** A server of PostgreSQL in a temporary folder, on a port of its own. */
export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  readonly #programs: ServerPrograms;
  readonly #settings: Settings;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number, programs: ServerPrograms, settings: Settings) {
    this.folder = folder;
    this.port = port;
    this.#programs = programs;
    this.#settings = settings;
  }

  /** Creates a server, and starts it. */
  static async start(programs: ServerPrograms, settings: Settings = {}): Promise<PostgresServer> {
    const server = await PostgresServer.#create(programs, settings);
    const options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    await server.#run(join(programs.folder, "initdb"), "-D", server.data, ...options);
    await server.start();
    return server;
  }

  static async #create(programs: ServerPrograms, settings: Settings): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), "tidings-postgres-"));
    const { uid, gid } = programs.user;
    if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid);
    return new PostgresServer(folder, await freePort(), programs, settings);
  }

  /** Creates a copy of this server that follows it as a standby, and starts it. */
  async startStandby(): Promise<PostgresServer> {
    const standby = await PostgresServer.#create(this.#programs, this.#settings);
    await this.#copyTo(standby);
    const source = `host=127.0.0.1 port=${this.port} user=postgres`;
    await appendFile(join(standby.data, "postgresql.auto.conf"), `primary_conninfo = '${source}'\n`);
    await writeFile(join(standby.data, "standby.signal"), "");
    await standby.start();
    return standby;
  }

  /** Copies the data as an operator does. The package of npm lacks the program for it: this server restarts instead. */
  async #copyTo({ data }: PostgresServer): Promise<void> {
    const program = join(this.#programs.folder, "pg_basebackup");
    if (existsSync(program)) {
      await this.#run(program, "--dbname", this.url, "--pgdata", data, "--checkpoint=fast", "--no-sync");
      return;
    }
    await this.stop();
    await this.#run("cp", "-R", this.data, data);
    await this.start();
  }

  /**
   * Recovers the data from a backup of before `work`, so that nothing of its work is left. As after every recovery, the
   * server is on another timeline then. It restarts before and after the work.
   */
  async recoverFromBefore(work: () => Promise<unknown>): Promise<void> {
    const backup = join(this.folder, "backup");
    await this.stop();
    await this.#run("cp", "-R", this.data, backup);
    await this.start();
    await work();
    await this.kill();
    await rm(this.data, { recursive: true, maxRetries: 10 });
    await rename(backup, this.data);
    // The backup is complete: no file of the log has to be fetched.
    await appendFile(join(this.data, "postgresql.auto.conf"), "restore_command = 'false'\n");
    await writeFile(join(this.data, "recovery.signal"), "");
    await this.start();
    await this.waitFor("select not pg_is_in_recovery() as done");
  }

  get data(): string {
    return join(this.folder, "data");
  }

  get url(): string {
    return this.urlOf("postgres");
  }

  urlOf(user: string): string {
    return `postgres://${user}@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts the server, and waits until it answers. */
  async start(): Promise<void> {
    // A process that is killed loses nothing without fsync, either; only a machine does.
    const own = { port: this.port, listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off" };
    const settings = { ...own, ...this.#settings };
    const parameters = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // A server that was killed leaves processes that still use its memory: it cannot start until they have ended.
    for (const deadline = performance.now() + 30_000; ;) {
      const child = spawn(join(this.#programs.folder, "postgres"), ["-D", this.data, ...parameters], {
        ...this.#programs.user,
        cwd: this.folder,
        stdio: "ignore",
      });
      this.#process = child;
      endWithThis(child, "SIGQUIT");
      while (runs(child) && !(await answers(this.url))) await sleep(30);
      if (runs(child)) return;
      if (performance.now() > deadline) throw new Error(`PostgreSQL does not start in ${this.folder}`);
      await sleep(50);
    }
  }

  /** Kills the server, as `kill -9` does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops the server. Its connections are closed. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  /** Makes a standby the primary. */
  async promote(): Promise<void> {
    await this.query("select pg_promote()");
  }

  /** Runs a statement on a connection of its own. */
  async query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const { rows } = await onConnection(this.url, (client) => client.query<Record<string, unknown>>(text, [...values]));
    return rows;
  }

  /** How far the server has written its log. */
  async position(): Promise<string> {
    const [row] = await this.query("select pg_current_wal_lsn()::text as position");
    return String(row?.["position"]);
  }

  /** Repeats a query until its column `done` is true. */
  async waitFor(text: string, values: readonly unknown[] = []): Promise<void> {
    for (const deadline = performance.now() + 20_000; (await this.query(text, values))[0]?.["done"] !== true;) {
      if (performance.now() > deadline) throw new Error(`PostgreSQL does not get there: ${text}`);
      await sleep(20);
    }
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.#end("SIGQUIT");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Runs a program as the user of the server. */
  async #run(program: string, ...parameters: string[]): Promise<void> {
    await execa(program, parameters, { ...this.#programs.user, cwd: this.folder });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    await end(child, signal);
  }
}
