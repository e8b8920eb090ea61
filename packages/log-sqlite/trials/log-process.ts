import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Appended, Limit, NewEntry, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { onTestFinished } from "vitest";
import { READY, WAKE, type Answer, type Call } from "./answer.ts";
import { compileProgram, type Program } from "./compile-program.ts";

/** Compiles what runs in the processes, once for all of them. The caller has to remove it. */
export const compileServedLog = (): Promise<Program> => compileProgram(new URL("served-log.ts", import.meta.url));

/** A log in a process of its own. */
export class LogProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #number = 0;
  /** How often its log has woken a watcher. */
  wakes = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (answer: Answer) => this.#take(answer));
    child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the process has ended"));
    });
  }

  /** Resolves when the log is open. */
  static async start(program: Program, path: string): Promise<LogProcess> {
    const child = fork(program.path, [path], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const started = new LogProcess(child);
    await Promise.race([
      new Promise((resolve, reject) => started.#waiting.set(READY, { resolve, reject })),
      once(child, "error").then(([error]) => Promise.reject(error)),
    ]);
    return started;
  }

  append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    return this.#call("append", batch) as Promise<readonly Appended[]>;
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit): Promise<Page> {
    return this.#call("read", after, channels, limit) as Promise<Page>;
  }

  /** Kills the process at once, as a crash does. */
  async kill(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  #call(method: Call["method"], ...values: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: Call = { number: ++this.#number, method, values };
      this.#waiting.set(call.number, { resolve, reject });
      this.#child.send(call);
    });
  }

  #take({ number, result, failure }: Answer): void {
    if (number === WAKE) this.wakes++;
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (failure === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(failure));
  }
}
