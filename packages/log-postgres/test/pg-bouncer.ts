import { spawn, spawnSync } from "node:child_process";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { end, freePort } from "../../log/test/node/server-process.ts";
import { answers } from "./postgres-server.ts";

/** Debian has it in a folder that is not on the path of every user. */
const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find((name) => spawnSync(name, ["--version"]).error === undefined);
if (program === undefined) {
  throw new Error(
    "Expected a PgBouncer on this machine, got none. Install it, on Debian with `apt-get install pgbouncer`; " +
      "`.ci/run` does so when root runs it.",
  );
}
const installed: string = program;

/** Settings of PgBouncer, by name. */
export type BouncerSettings = Readonly<Record<string, string | number>>;

/** Two connections to the server for all clients: what a client leaves behind on one, another client finds. */
const BY_TRANSACTION: BouncerSettings = { pool_mode: "transaction", default_pool_size: 2 };

const configOf = (server: URL, port: number, settings: BouncerSettings): string => `
[databases]
* = host=${server.hostname} port=${server.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
${Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}`)
  .join("\n")}
`;

/**
 * Starts a PgBouncer before a server.
 *
 * @param settings @default each transaction may get another connection of the server
 * @returns the URL, and functions that end it, stop it as it is, and let it go on
 */
export async function startPgBouncer(
  serverUrl: string,
  settings = BY_TRANSACTION,
): Promise<{ url: string; stop: () => Promise<void>; freeze: () => void; thaw: () => void }> {
  const { user } = inject("postgresPrograms");
  const folder = await mkdtemp(join(tmpdir(), "tidings-pgbouncer-"));
  const port = await freePort();
  const server = new URL(serverUrl);
  const config = join(folder, "pgbouncer.ini");
  await writeFile(config, configOf(server, port, settings));
  // It refuses to run as root, too.
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  const bouncer = spawn(installed, [config], { ...user, cwd: folder, stdio: "ignore" });
  const url = new URL(serverUrl);
  url.port = String(port);
  while (bouncer.exitCode === null && !(await answers(url.href))) await sleep(30);
  return {
    url: url.href,
    freeze: () => void bouncer.kill("SIGSTOP"),
    thaw: () => void bouncer.kill("SIGCONT"),
    async stop() {
      await end(bouncer, "SIGKILL");
      await rm(folder, { recursive: true });
    },
  };
}
