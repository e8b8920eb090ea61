import type { Connection } from "./connection.ts";
import { Link, newClient, type LinkOptions, type Value } from "./link.ts";
import { FewReplicasError } from "./redis-error.ts";
import type { Script } from "./scripts/script.ts";

const NAME = /^[\w.:-]{1,60}$/;

/** The server, and the keys of a log there. */
export class Database {
  /** The prefix of the keys. They share a hash tag, so that a cluster has them in one place. */
  readonly prefix: string;
  readonly #connection: Connection;
  readonly #options: LinkOptions;
  readonly #reads: Link;
  /** A large answer of a read must not delay an append, nor `WAIT` a read. */
  readonly #writes: Link;

  /** @throws TypeError if it is no name of a log */
  constructor(connection: Connection, name: string, options: LinkOptions) {
    if (!NAME.test(name)) {
      throw new TypeError(`Expected "name" to be 1 to 60 characters "A-Z a-z 0-9 _ . : -", got "${name}".`);
    }
    this.prefix = `{${name}}:`;
    this.#connection = connection;
    this.#options = options;
    this.#reads = new Link(connection, options);
    this.#writes = new Link(connection, options);
  }

  /** The channel of the server that says that there are new entries. */
  get bell(): string {
    return `${this.prefix}bell`;
  }

  /** Runs a script that reads. */
  async read(script: Script, values: readonly Value[]): Promise<unknown> {
    return this.#reads.run(script, `${this.prefix}meta`, values);
  }

  /** Runs a script that writes. */
  async write(script: Script, values: readonly Value[]): Promise<unknown> {
    return this.#writes.run(script, `${this.prefix}meta`, values);
  }

  /**
   * Runs a script that writes, and waits until so many replicas have it.
   *
   * @throws FewReplicasError if too few have it in time. It is stored on the primary
   */
  async writeOnReplicas(script: Script, values: readonly Value[], count: number): Promise<unknown> {
    if (count === 0) return this.write(script, values);
    // Less than a command may take.
    const milliseconds = Math.ceil(this.#options.patience / 2);
    const waiting = { count, milliseconds };
    const { answer, confirmed } = await this.#writes.runOnReplicas(script, `${this.prefix}meta`, values, waiting);
    if (confirmed < count) throw new FewReplicasError(count, confirmed);
    return answer;
  }

  /** Sends a command that is no script. */
  async send(command: string, values: readonly Value[]): Promise<unknown> {
    return this.#reads.send(command, values);
  }

  /** A client of its own, not connected yet. */
  newClient() {
    return newClient(this.#connection, this.#options.patience);
  }

  /** Waits for nothing. */
  close(): void {
    this.#reads.close();
    this.#writes.close();
  }
}
