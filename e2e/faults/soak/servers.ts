import type { ServerProcess } from "../server-process.ts";
import { pick } from "./chance.ts";

/** Two processes that serve the same file; a connection comes to one of them. */
export class Servers {
  readonly #start: () => Promise<ServerProcess>;
  readonly #running: ServerProcess[] = [];
  /** Those that have been told to end. */
  readonly #ending = new Set<Promise<unknown>>();

  private constructor(start: () => Promise<ServerProcess>) {
    this.#start = start;
  }

  static async start(start: () => Promise<ServerProcess>): Promise<Servers> {
    const servers = new Servers(start);
    // The first one makes the tables.
    for (let count = 0; count < 2; count++) servers.#running.push(await start());
    return servers;
  }

  /** Where a new connection goes to. */
  get port(): number {
    return pick(this.#running).port;
  }

  /** One dies, in the midst of whatever it does, and another one takes its place. */
  async kill(): Promise<void> {
    await this.#running.shift()?.kill();
    this.#running.push(await this.#start());
  }

  /** One is told to end, with another one there already. */
  async replace(): Promise<void> {
    this.#running.push(await this.#start());
    const ending = this.#running.shift()?.stop() ?? Promise.resolve(null);
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }

  /** Resolves when whoever was told to end has ended. */
  async rest(): Promise<void> {
    await Promise.all(this.#ending);
  }
}
