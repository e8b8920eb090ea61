import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** What a server prints when it listens. */
const LIVE = /^Tidings chat is live at http:\/\/[^:]+:(\d+)$/;
/** Milliseconds until a server that has ended is started again. */
const RESTART_DELAY = 1_000;
/** Milliseconds until a server that was asked to stop is killed. */
const STOP_GRACE = 5_000;

/** Some servers of the chat. One that ends is started again. */
export class ChatServers {
  readonly #program: string;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #ports = new Map<ChildProcess, number>();
  readonly #onStart: (port: number, pid: number) => void;
  #isStopping = false;

  /** @param onStart called when a server listens */
  constructor(
    program: string,
    variables: Readonly<Record<string, string>>,
    onStart: (port: number, pid: number) => void,
  ) {
    this.#program = program;
    this.#variables = variables;
    this.#onStart = onStart;
  }

  /** The ports of the servers that listen. */
  get ports(): readonly number[] {
    return [...this.#ports.values()];
  }

  /** Starts one more. @throws Error if it ends before it listens */
  async start(): Promise<void> {
    // In a group of its own: Ctrl-C reaches only this process, which then stops all in order.
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", this.#program], {
      env: { ...process.env, ...this.#variables, HOST: "127.0.0.1", PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    for await (const line of createInterface(child.stdout)) {
      const port = LIVE.exec(line)?.[1];
      if (port === undefined) continue;
      this.#ports.set(child, Number(port));
      child.once("exit", () => void this.#replace(child));
      this.#onStart(Number(port), child.pid ?? 0);
      return;
    }
    throw new Error("Expected the server of the chat to start, got its end.");
  }

  /** Asks all to stop, and waits until they have. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const running = [...this.#ports.keys()];
    await Promise.all(
      running.map(async (child) => {
        const ended = once(child, "exit");
        child.kill("SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE);
        await ended;
        clearTimeout(timer);
      }),
    );
  }

  async #replace(child: ChildProcess): Promise<void> {
    this.#ports.delete(child);
    while (!this.#isStopping) {
      await delay(RESTART_DELAY);
      if (this.#isStopping) return;
      const started = await this.start().then(
        () => true,
        () => false,
      );
      if (started) return;
    }
  }
}
