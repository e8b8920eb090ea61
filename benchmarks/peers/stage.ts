import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLine, type Line } from "./line.ts";
import type { Order, Report } from "./order.ts";
import type { Peer } from "./peer.ts";
import { peers, type PeerName } from "./peers.ts";
import { Received, type Range } from "./received.ts";

const main = join(import.meta.dirname, "main.ts");
const tsx = fileURLToPath(import.meta.resolve("tsx"));

export interface StageReader {
  readonly received: Received;
  readonly line: Line;
}

interface Server {
  readonly child: ChildProcess;
  /** Rejects when the process ends. */
  readonly ended: Promise<never>;
}

/** A peer's server in a process of its own, its readers, each on a line of its own, and a count of what was published. */
export class Stage {
  readonly peer: Peer;
  readonly #name: PeerName;
  readonly #folder = mkdtempSync(join(tmpdir(), "tidings-peer-"));
  readonly #leaving: (() => void)[] = [];
  #server: Server | null = null;
  #port = 0;
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

  /** Kills the server's process, as a crash does, and starts another one in the same folder. */
  async restart(): Promise<void> {
    await this.#kill();
    await this.#start();
  }

  /** A reader that has heard a message, and so is there. */
  async addReader(): Promise<StageReader> {
    const received = new Received();
    const line = await openLine(() => this.#port);
    const leave = this.peer.read(line.url, received);
    this.#leaving.push(() => {
      leave();
      line.close();
    });
    const reader = { received, line };
    if (!(await this.settle(reader, 20_000))) throw new Error(`Expected a reader of ${this.#name}, got none in 20 s.`);
    return reader;
  }

  /** The numbers of what was published. */
  async publish(count: number, bytes = 100, perSecond = 20_000): Promise<Range> {
    const from = this.#published + 1;
    this.#published += count;
    await this.#order({ kind: "publish", from, count, bytes, perSecond });
    return { from, to: this.#published };
  }

  async report(): Promise<Report> {
    // The process answers a report with one.
    return (await this.#order({ kind: "report" })) as Report;
  }

  /**
   * Publishes single messages until one arrives, and then one more: whatever a reader is still to be given in order has come before
   * it. False when the time, in milliseconds, is over.
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
    for (const leave of this.#leaving) leave();
    await this.#kill();
    rmSync(this.#folder, { recursive: true });
  }

  async #start(): Promise<void> {
    const child = fork(main, [this.#name, this.#folder], {
      execArgv: ["--expose-gc", "--conditions=@tidings/source", "--import", tsx],
    });
    const ended = once(child, "exit").then(() => {
      throw new Error(`Expected an answer of the server of ${this.#name}, got its end.`);
    });
    // An end while nobody waits for an answer is our own kill.
    ended.catch(() => {});
    this.#server = { child, ended };
    // The first message of the process is its port.
    this.#port = (await this.#answer()) as number;
  }

  async #kill(): Promise<void> {
    const { child } = this.#running;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  get #running(): Server {
    if (this.#server === null) throw new Error(`Expected a started server of ${this.#name}, got none.`);
    return this.#server;
  }

  #order(order: Order): Promise<unknown> {
    const answer = this.#answer();
    this.#running.child.send(order);
    return answer;
  }

  /** The next message of the process. */
  async #answer(): Promise<unknown> {
    const { child, ended } = this.#running;
    const [answer] = (await Promise.race([once(child, "message"), ended])) as [unknown];
    return answer;
  }
}
