import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { killWithTest } from "../kill-with-test.ts";
import type { HubProgramOptions } from "./hub-program-api.ts";

/** The end of the first line that a server prints: its port. */
const LISTENING = /:(\d+)$/;

/** A server in a process of its own. It is killed when the test has finished. */
export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** When it has printed its port, by `performance.now()`. */
  readonly listeningSince = performance.now();
  /** All that it has written to stderr since then. */
  errorOutput = "";
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;

  private constructor(child: ChildProcess, port: number, lines: AsyncIterator<string, undefined>) {
    this.#child = child;
    this.#lines = lines;
    child.stderr?.on("data", (text: string) => (this.errorOutput += text));
    this.port = port;
    this.pid = child.pid ?? 0;
  }

  /** Resolves when it listens. @throws Error with what it has written to stderr when it ends before */
  static async start(
    program: string,
    programArguments: readonly string[] = [],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const child = spawn(process.execPath, ["--expose-gc", program, ...programArguments], {
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = killWithTest(child);
    let errorOutput = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errorOutput += text));
    const lines: AsyncIterator<string, undefined> = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value: first } = await lines.next();
    const port = LISTENING.exec(first ?? "")?.[1];
    if (port !== undefined) return new ServerProcess(child, Number(port), lines);
    await kill();
    throw new Error(`Expected the server to print its port, got: ${errorOutput}`);
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value } = await this.#lines.next();
    return value ?? "";
  }

  /** Kills it as a crash would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to shut down, and waits until it has ended. Returns the exit code. */
  async stop(): Promise<number | null> {
    await this.#end("SIGTERM");
    return this.#child.exitCode;
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}

/** Starts hub-program.ts. @param program the file that `buildHubProgram` has made */
export const startHubProcess = (program: string, options: HubProgramOptions = {}): Promise<ServerProcess> =>
  ServerProcess.start(program, [JSON.stringify(options)]);

/**
 * Starts the chat. Its sessions survive a restart.
 * @param program the file that `buildChatProgram` has made
 * @param log the value of `TIDINGS_LOG`, such as `sqlite:path`
 * @param variables of the environment, besides those of the chat
 */
export const startChatProcess = (
  program: string,
  log: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> =>
  ServerProcess.start(program, [], {
    ...variables,
    TIDINGS_LOG: log,
    TIDINGS_SECRET: "the same after every start",
    HOST: "127.0.0.1",
    PORT: "0",
  });
