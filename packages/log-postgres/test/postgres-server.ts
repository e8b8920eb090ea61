import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import pg from "pg";

/** Where Debian has its versions. They are not on the path. */
const DEBIAN = "/usr/lib/postgresql";

/** The folder with the programs of the installed PostgreSQL; null if there is none. */
export const serverPrograms: string | null = findPrograms();

function findPrograms(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin")) : [];
  const folders = [...debian.toReversed(), ...(process.env["PATH"] ?? "").split(delimiter)];
  return folders.find((folder) => existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb"))) ?? null;
}

/** PostgreSQL refuses to run as root. Then it runs as the user "nobody" of this machine. */
async function serverUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid };
  const [user, group] = await Promise.all([execa`id -u nobody`, execa`id -g nobody`]);
  return { uid: Number(user.stdout), gid: Number(group.stdout) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: a server on a port has such an address.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Settings of the server, by name. */
type Settings = Readonly<Record<string, string | number>>;

/** A server of PostgreSQL in a temporary folder, on a port of its own. */
export class PostgresServer {
  readonly folder: string;
  readonly port: number;
  readonly #user: { readonly uid: number; readonly gid: number };
  readonly #settings: Settings;
  #process: ChildProcess | null = null;

  private constructor(
    folder: string,
    port: number,
    user: { readonly uid: number; readonly gid: number },
    settings: Settings,
  ) {
    this.folder = folder;
    this.port = port;
    this.#user = user;
    this.#settings = settings;
  }

  /** Creates a server, and starts it. */
  static async start(settings: Settings = {}): Promise<PostgresServer> {
    const user = await serverUser();
    const folder = mkdtempSync(join(tmpdir(), "tidings-postgres-"));
    chownSync(folder, user.uid, user.gid);
    const server = new PostgresServer(folder, await freePort(), user, settings);
    await server.run(
      "initdb",
      "-D",
      server.data,
      "-U",
      "postgres",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    );
    await server.start();
    return server;
  }

  /** Creates a copy of a running server that follows it as a standby, and starts it. */
  static async startStandby(primary: PostgresServer): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "tidings-postgres-"));
    const user = await serverUser();
    chownSync(folder, user.uid, user.gid);
    const standby = new PostgresServer(folder, await freePort(), user, {});
    const source = `host=127.0.0.1 port=${primary.port} user=postgres`;
    await standby.run("pg_basebackup", "-D", standby.data, "-d", source, "-R", "--no-sync", "-c", "fast");
    await standby.start();
    return standby;
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

  /** Runs a program of PostgreSQL as the user of the server. */
  async run(program: string, ...parameters: string[]): Promise<void> {
    await execa(join(serverPrograms ?? "", program), parameters, { ...this.#user, cwd: this.folder });
  }

  /** Starts the server, and waits until it answers. */
  async start(): Promise<void> {
    // A process that is killed loses nothing without fsync, either; only a machine does.
    const own = { port: this.port, listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off" };
    const settings = { ...own, ...this.#settings };
    const parameters = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // A server that was killed leaves processes that still use its memory: it cannot start until they have ended.
    for (const end = performance.now() + 30_000; ;) {
      const child = spawn(join(serverPrograms ?? "", "postgres"), ["-D", this.data, ...parameters], {
        ...this.#user,
        cwd: this.folder,
        stdio: "ignore",
      });
      this.#process = child;
      while (child.exitCode === null && !(await this.#answers())) await sleep(30);
      if (child.exitCode === null) return;
      if (performance.now() > end) throw new Error(`PostgreSQL does not start in ${this.folder}`);
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
    await this.run("pg_ctl", "promote", "-D", this.data);
  }

  /** Runs a statement on a connection of its own. */
  async query(text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(this.url);
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** How far the server has written its log. */
  async position(): Promise<string> {
    const [row] = await this.query("select pg_current_wal_lsn()::text as position");
    return String(row?.["position"]);
  }

  /** Repeats a query until its column `done` is true. */
  async waitFor(text: string, values: readonly unknown[] = []): Promise<void> {
    for (const end = performance.now() + 20_000; (await this.query(text, values))[0]?.["done"] !== true;) {
      if (performance.now() > end) throw new Error(`PostgreSQL does not get there: ${text}`);
      await sleep(20);
    }
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.#end("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query("select 1");
      return true;
    } catch {
      return false;
    }
  }
}
