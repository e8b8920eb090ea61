import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { createInterface, type Interface } from "node:readline";
import { bundle, BUNDLES, THIS_CLONE } from "./bundle.ts";

/** What a loader has seen since its last answer. */
export interface Collected {
  /** The connections that have got something, and those that were closed. */
  readonly open: number;
  readonly lost: number;
  readonly events: number;
  readonly bytes: number;
  /** When the last event came, in microseconds of the machine's clock. */
  readonly lastEventAt: number;
  /** The CPU time of the loader since its start, in microseconds. */
  readonly cpu: number;
  /** Delays of events at some of the connections, in microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Which loader runs: compiled if this machine has a compiler of C, otherwise a program of Node. */
export interface LoaderProgram {
  readonly kind: "C" | "Node";
  readonly command: readonly string[];
}

export async function buildLoader(): Promise<LoaderProgram> {
  mkdirSync(BUNDLES, { recursive: true });
  const program = join(BUNDLES, "loader");
  try {
    execFileSync("cc", ["-O2", "-o", program, join(import.meta.dirname, "loader.c")], { stdio: "ignore" });
    return { kind: "C", command: [program] };
  } catch {
    return { kind: "Node", command: [process.execPath, await bundle("loader.ts", "loader-of-node", THIS_CLONE)] };
  }
}

let requests = 0;

/** The clients of one server, in a process of their own. */
export class LoaderProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;

  constructor({ command }: LoaderProgram, port: number, request: string) {
    const file = join(BUNDLES, `request-${process.pid}-${requests++}`);
    writeFileSync(file, request, "latin1");
    const [program = "", ...parameters] = command;
    this.#child = spawn(program, [...parameters, `${port}`, file], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#child.stdout);
  }

  connect(count: number): Promise<Collected> {
    return this.#ask(`connect ${count}`);
  }

  /** Opens connections that read nothing after their first bytes. */
  stall(count: number): Promise<Collected> {
    return this.#ask(`stall ${count}`);
  }

  /** Waits for events, or until none has come for some milliseconds. */
  collect(events: number, quiet: number): Promise<Collected> {
    return this.#ask(`collect ${events} ${quiet}`);
  }

  close(): Promise<Collected> {
    return this.#ask("close");
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #ask(command: string): Promise<Collected> {
    const answer = once(this.#lines, "line");
    this.#child.stdin.write(`${command}\n`);
    const [line] = (await answer) as [string];
    // Safe: a loader answers each command with a line of this kind.
    return JSON.parse(line) as Collected;
  }
}
