import assert from "node:assert/strict";
import { memoryLog, type MemoryLogOptions } from "@tidings/log";
import { LeaseError, PublishError } from "@tidings/server";
import { VirtualClock } from "../../packages/testing/src/virtual-clock.ts";
import { randomOf } from "../simulation/random.ts";
import { contract } from "./contract.ts";
import { FakeProcess } from "./fake-process.ts";

export const answer = contract.answer({ id: "a" });
export const board = contract.board({ id: "b" });
export const TTL = 10_000;
/** An address has ended so long after its writer has died, in milliseconds. */
export const NOTICED = TTL + 2_000;
export const OPTIONS = { ttl: TTL, aborted: { outcome: "aborted" } } as const;
export const DONE = { outcome: "done" } as const;

/** Processes on one log. */
export class World {
  readonly clock = new VirtualClock();
  readonly log;
  readonly #random = randomOf(1);

  constructor(keep: MemoryLogOptions["keep"] = {}) {
    this.log = memoryLog({ now: this.clock.now, keep });
  }

  async start(): Promise<FakeProcess> {
    const { clock, log } = this;
    const process = new FakeProcess({ clock, log, random: () => this.#random() });
    await clock.settle();
    return process;
  }

  /** What was published to an address: the texts, and the end. */
  async written({ path }: { readonly path: string } = answer): Promise<string> {
    const { entries } = await this.log.recent([path], 1_000);
    return entries.map(({ data }) => wordOf(JSON.parse(data ?? "null") as Written)).join(" ");
  }

  /** Waits for something that must not take longer than so many milliseconds. */
  async settled<Result>(promise: Promise<Result>, milliseconds = 0): Promise<Result> {
    void later(promise);
    await this.clock.advance(milliseconds);
    const nothing = Symbol();
    const result = await Promise.race([promise, Promise.resolve(nothing)]);
    assert.notEqual(result, nothing, `Expected an answer within ${milliseconds} ms.`);
    return result as Result;
  }
}

interface Written {
  readonly text?: string;
  readonly outcome?: string;
}

function wordOf({ text, outcome }: Written): string {
  return text ?? `[${outcome}]`;
}

export function isLease(code: string) {
  return (error: unknown) => error instanceof LeaseError && error.code === code;
}

export function isRefused(code: string) {
  return (error: unknown) => error instanceof PublishError && error.code === code;
}

/** A promise that is awaited later. It may reject before that. */
export function later<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {});
  return promise;
}

export function reasonOf(signal: AbortSignal): string {
  const { reason } = signal as { readonly reason: unknown };
  return reason instanceof LeaseError ? `${reason.code} ${reason.reason ?? ""}`.trim() : "none";
}
