import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLine, type Line } from "./line.ts";
import type { Command, Report } from "./command.ts";
import type { Peer } from "./peer.ts";
import { peers, type PeerName } from "./peers.ts";
import { Received, type Range } from "./received.ts";

const main = join(import.meta.dirname, "main.ts");
const tsx = fileURLToPath(import.meta.resolve("tsx"));

/** One reader, and its line to the server. */
export interface StageReader {
  readonly received: Received;
  readonly line: Line;
}

interface ServerProcess {
  readonly child: ChildProcess;
  /** Rejects when the process ends. It never resolves. */
  readonly ended: Promise<never>;
}

/** Runs one measurement: a peer's server in a process of its own, and its readers, each with a line of its own. */
export class Stage {
  readonly peer: Peer;
  readonly #name: PeerName;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidings-peer-"));
  readonly #readerClosers: (() => void)[] = [];
  #server: ServerProcess | null = null;
  #port = 0;
  /** The number of messages that were published. */
  #published = 0;

  private constructor(name: PeerName, peer: Peer) {
    this.#name = name;
    this.peer = peer;
  }

  static async open(name: PeerName): Promise<Stage> {
    const stage = new Stage(name, await peers[name]());
    await stage.#start();
    return stage;
  }

  /** Kills the server's process, like a crash, and starts another one with the same folder. */
  async restart(): Promise<void> {
    await this.#kill();
    await this.#start();
  }

  /** Adds a reader, and waits until it has received a message. @throws Error if it receives none within 20 s */
  async addReader(): Promise<StageReader> {
    const received = new Received();
    const line = await openLine(() => this.#port);
    const stop = this.peer.read(line.url, received);
    this.#readerClosers.push(() => {
      stop();
      line.close();
    });
    const reader = { received, line };
    const isConnected = await this.settle(reader, 20_000);
    if (!isConnected) throw new Error(`Expected a message at a reader of ${this.#name}, got none within 20 s.`);
    return reader;
  }

  /** Publishes messages, and returns their numbers. */
  async publish(count: number, bytes = 100, perSecond = 20_000): Promise<Range> {
    const from = this.#published + 1;
    this.#published += count;
    await this.#send({ kind: "publish", from, count, bytes, perSecond });
    return { from, to: this.#published };
  }

  async report(): Promise<Report> {
    // Safe: the process answers the command "report" with a report.
    return (await this.#send({ kind: "report" })) as Report;
  }

  /**
   * Publishes single messages until one arrives, and then one more. When that one arrives, everything before it has
   * arrived, too, if the peer keeps the order. Resolves with false after the time, in milliseconds.
   */
  async settle({ received }: StageReader, time: number): Promise<boolean> {
    const stop = performance.now() + time;
    const first = await this.publish(1);
    while (!(await received.reaches(first.from, 200))) {
      if (performance.now() >= stop) return false;
      await this.publish(1);
    }
    const last = await this.publish(1);
    return received.reaches(last.from, time);
  }

  async close(): Promise<void> {
    for (const close of this.#readerClosers) close();
    await this.#kill();
    rmSync(this.#folder, { recursive: true });
  }

  async #start(): Promise<void> {
    const child = fork(main, [this.#name, this.#folder], {
      execArgv: ["--expose-gc", "--conditions=@tidings/source", "--import", tsx],
    });
    const ended = once(child, "exit").then(() => {
      throw new Error(`Expected an answer from the server process of ${this.#name}, but the process has ended.`);
    });
    // If nobody waits for an answer, the end is our own kill and not an error.
    ended.catch(() => {});
    this.#server = { child, ended };
    // Safe: the first message of the process is its port.
    this.#port = (await this.#answer()) as number;
  }

  async #kill(): Promise<void> {
    const { child } = this.#running;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  get #running(): ServerProcess {
    if (this.#server === null) {
      throw new Error(`Expected a running server of ${this.#name}, got none; call open() first.`);
    }
    return this.#server;
  }

  #send(command: Command): Promise<unknown> {
    const answer = this.#answer();
    this.#running.child.send(command);
    return answer;
  }

  /** Waits for the next message of the process. @throws Error if the process ends */
  async #answer(): Promise<unknown> {
    const { child, ended } = this.#running;
    const [answer] = (await Promise.race([once(child, "message"), ended])) as [unknown];
    return answer;
  }
}
