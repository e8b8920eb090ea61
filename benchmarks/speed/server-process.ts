import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { answerOf } from "./answer.ts";
import type { Contestant } from "./contestant.ts";
import type { ServerCommand, ServerUsage } from "./server-command.ts";

/** The process of a server that is measured. */
export class ServerProcess {
  readonly port: number;
  /** What opens a stream of it. */
  readonly request: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { port, request }: { readonly port: number; readonly request: string }) {
    this.#child = child;
    this.port = port;
    this.request = request;
  }

  /** @param folder where it keeps its data */
  static async start({ program, name }: Contestant, folder: string): Promise<ServerProcess> {
    const child = fork(program, [name, folder], { execArgv: ["--expose-gc"] });
    // Safe: the first message of the process says where it listens.
    const where = (await answerOf(child)) as { port: number; request: string };
    return new ServerProcess(child, where);
  }

  /** Returns the id of the first event. */
  publish(what: Omit<ServerCommand & { kind: "publish" }, "kind">): Promise<string> {
    return this.#ask({ kind: "publish", ...what }) as Promise<string>;
  }

  usage(): Promise<ServerUsage> {
    return this.#ask({ kind: "usage" }) as Promise<ServerUsage>;
  }

  settledUsage(): Promise<ServerUsage> {
    return this.#ask({ kind: "settled usage" }) as Promise<ServerUsage>;
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  /** Safe casts above: the process answers each command as `server.ts` says. */
  async #ask(command: ServerCommand): Promise<unknown> {
    this.#child.send(command);
    return answerOf(this.#child);
  }
}
