import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import type { ServedHubOptions } from "./served-chat.ts";

/** How a server says where it listens, as its first line. */
const LISTENING = /:(\d+)$/;

/** A server in a process of its own. It does not outlive the test. */
export class ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** When it was there, by `performance.now()`. */
  readonly listeningSince = performance.now();
  /** Its complaints, since then. */
  said = "";
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;

  private constructor(child: ChildProcess, port: number, lines: AsyncIterator<string, undefined>) {
    this.#child = child;
    this.#lines = lines;
    child.stderr?.on("data", (text: string) => (this.said += text));
    this.port = port;
    this.pid = child.pid ?? 0;
  }

  /** Resolves when it listens. @throws Error with what it had to say when it ends before */
  static async start(
    program: string,
    programArguments: readonly string[] = [],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<ServerProcess> {
    const child = spawn(process.execPath, ["--expose-gc", program, ...programArguments], {
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close");
    const end = async (): Promise<void> => {
      child.kill("SIGKILL");
      await closed;
    };
    onTestFinished(end);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const lines: AsyncIterator<string, undefined> = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value: first } = await lines.next();
    const port = LISTENING.exec(first ?? "")?.[1];
    if (port !== undefined) return new ServerProcess(child, Number(port), lines);
    await end();
    throw new Error(`Expected a server that says where it listens, got: ${said}`);
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value } = await this.#lines.next();
    return value ?? "";
  }

  /** Ends it as a crash would, in the midst of whatever it does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and waits until it has. Returns the exit code. */
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

/** Starts served-hub.ts. @param program what `buildServedHub` has made */
export const startHub = (program: string, options: ServedHubOptions = {}): Promise<ServerProcess> =>
  ServerProcess.start(program, [JSON.stringify(options)]);

/** Starts the chat, whose sessions outlive it. @param program what `buildChat` has made @param path its file */
export const startChatProcess = (program: string, path: string): Promise<ServerProcess> =>
  ServerProcess.start(program, [], {
    TIDINGS_DB: path,
    TIDINGS_SECRET: "the same after every start",
    HOST: "127.0.0.1",
    PORT: "0",
  });
