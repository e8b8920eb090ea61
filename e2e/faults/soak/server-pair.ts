import type { ServerProcess } from "../server-process.ts";
import { pick } from "./chance.ts";

/** Two processes that serve the same storage. */
export class ServerPair {
  readonly #start: () => Promise<ServerProcess>;
  readonly #running: ServerProcess[] = [];
  /** The processes that were asked to stop. */
  readonly #stopping = new Set<Promise<unknown>>();

  private constructor(start: () => Promise<ServerProcess>) {
    this.#start = start;
  }

  static async start(start: () => Promise<ServerProcess>): Promise<ServerPair> {
    const servers = new ServerPair(start);
    // One after the other: the first one creates the tables.
    for (let count = 0; count < 2; count++) servers.#running.push(await start());
    return servers;
  }

  /** The ports of those that run. */
  get ports(): readonly number[] {
    return this.#running.map(({ port }) => port);
  }

  /** The port for a new connection: that of either process. */
  get port(): number {
    return pick(this.#running).port;
  }

  /** Kills one process, and starts another one instead. */
  async kill(): Promise<void> {
    await this.#running.shift()?.kill();
    this.#running.push(await this.#start());
  }

  /** Starts a new process, and then asks an old one to stop. Does not wait until it has stopped. */
  async replace(): Promise<void> {
    this.#running.push(await this.#start());
    const stopping = this.#running.shift()?.stop() ?? Promise.resolve(null);
    this.#stopping.add(stopping);
    void stopping.then(() => this.#stopping.delete(stopping));
  }

  /** Resolves when all processes that were asked to stop have stopped. */
  async untilStopped(): Promise<void> {
    await Promise.all(this.#stopping);
  }
}
