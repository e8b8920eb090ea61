import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { Verbs } from "./crowd.ts";
import { buildProgram } from "./program.ts";

/** The crowd of crowd.ts, which does one thing after the other. It does not outlive the test. */
export class CrowdProcess {
  readonly #child: ChildProcess;
  /** Rejects when it has ended. */
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit").then(([code]) => {
      throw new Error(`Expected a crowd that does as it is told, got its end with ${String(code)}.`);
    });
    // Whoever tells it something hears of it.
    this.#ended.catch(() => {});
  }

  static async start(): Promise<CrowdProcess> {
    const child = fork(await buildProgram("e2e", "faults/crowd.ts"), { execArgv: [] });
    const closed = once(child, "close");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await closed;
    });
    return new CrowdProcess(child);
  }

  async tell<Verb extends keyof Verbs>(
    verb: Verb,
    ...[given]: Parameters<Verbs[Verb]>
  ): Promise<Awaited<ReturnType<Verbs[Verb]>>> {
    const answered = new Promise<unknown>((resolve) => this.#child.once("message", resolve));
    this.#child.send({ verb, given });
    // The verbs' types are those of both sides.
    const { answer } = (await Promise.race([answered, this.#ended])) as { answer: Awaited<ReturnType<Verbs[Verb]>> };
    return answer;
  }
}
