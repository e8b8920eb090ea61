import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Contestant } from "./contestant.ts";
import { LoaderProcess, type LoaderProgram } from "./loader-process.ts";
import { ServerProcess } from "./server-process.ts";

/** One server in a process of its own, and its clients in another one. */
export class Stage {
  readonly #contestant: Contestant;
  readonly #loaderProgram: LoaderProgram;
  readonly #folder: string;
  #server: ServerProcess;
  #loader: LoaderProcess;
  #request: string;

  private constructor(contestant: Contestant, server: ServerProcess, loaderProgram: LoaderProgram, folder: string) {
    this.#contestant = contestant;
    this.#server = server;
    this.#loaderProgram = loaderProgram;
    this.#folder = folder;
    this.#request = server.request;
    this.#loader = new LoaderProcess(loaderProgram, server.port, server.request);
  }

  static async open(contestant: Contestant, loaderProgram: LoaderProgram): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "tidings-speed-"));
    const server = await ServerProcess.start(contestant, folder);
    return new Stage(contestant, server, loaderProgram, folder);
  }

  get name(): string {
    return this.#contestant.name;
  }

  get size(): number {
    return this.#contestant.size;
  }

  get server(): ServerProcess {
    return this.#server;
  }

  get loader(): LoaderProcess {
    return this.#loader;
  }

  /** Other clients, which send another request. */
  async replaceLoader(request: string): Promise<void> {
    await this.#loader.stop();
    this.#loader = new LoaderProcess(this.#loaderProgram, this.server.port, request);
    this.#request = request;
  }

  /** Starts another process of the same server with the same data. The clients are new, too, and send the same. */
  async restart(): Promise<void> {
    await this.server.stop();
    this.#server = await ServerProcess.start(this.#contestant, this.#folder);
    await this.replaceLoader(this.#request);
  }

  async close(): Promise<void> {
    await this.#loader.stop();
    await this.server.stop();
    rmSync(this.#folder, { recursive: true });
  }
}
