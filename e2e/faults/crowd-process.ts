import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { killWithTest } from "../kill-with-test.ts";
import { buildCrowdProgram } from "../build-program.ts";
import type { Commands } from "./crowd-program.ts";

/** Runs crowd-program.ts, which does one command after the other. It is killed when the test has finished. */
export class CrowdProcess {
  readonly #child: ChildProcess;
  /** Rejects when the process has ended. */
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit").then(([code]) => {
      throw new Error(`Expected the crowd to answer, got the end of its process with code ${String(code)}.`);
    });
    // Not unhandled: `run` rejects with it.
    this.#ended.catch(() => {});
  }

  static async start(): Promise<CrowdProcess> {
    const child = fork(await buildCrowdProgram(), { execArgv: [] });
    killWithTest(child);
    return new CrowdProcess(child);
  }

  /** Resolves with the answer of the crowd. */
  async run<Command extends keyof Commands>(
    command: Command,
    ...[parameter]: Parameters<Commands[Command]>
  ): Promise<Awaited<ReturnType<Commands[Command]>>> {
    const answered = new Promise<unknown>((resolve) => this.#child.once("message", resolve));
    this.#child.send({ command, parameter });
    // Both processes have the same types.
    const { answer } = (await Promise.race([answered, this.#ended])) as {
      answer: Awaited<ReturnType<Commands[Command]>>;
    };
    return answer;
  }
}
