import type { Appended, EventLog, Limit, LogStat, NewEntry, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { VirtualClock } from "@tidings/testing";
import type { Counts } from "./coverage.ts";
import type { Store } from "./memory-store.ts";
import type { Random } from "./random.ts";
import type { Truth } from "./truth.ts";

/** What may go wrong between a hub and its log. */
export interface Weather {
  /** `slow` asks late, `stale` answers late; both are what a loaded database does. */
  reads: "good" | "slow" | "stale" | "failing";
  /** `refused` appends nothing; `unheard` appends, and the answer is lost. */
  appends: "good" | "slow" | "refused" | "unheard";
  doorbell: "good" | "lost" | "late" | "spurious";
  /** How the application's loaders read its rows: `late` waits before it looks, `old` after it has. */
  states: "good" | "late" | "old";
}

const WITHDRAWAL: NewEntry = { channel: "", type: "", mode: "latest", data: null };

export const GOOD: Weather = { reads: "good", appends: "good", doorbell: "good", states: "good" };

export interface LogWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly store: Store;
  readonly truth: Truth;
  readonly weather: Weather;
  readonly counts: Counts;
  /** Milliseconds that retention keeps an entry. */
  readonly age: number;
}

/** The log as one server process sees it. What it appends, the truth hears of, too. */
export class FaultyLog implements EventLog {
  readonly #world: LogWorld;
  /** Doorbells that nobody has taken off. */
  watchers = 0;
  #isDead = false;

  constructor(world: LogWorld) {
    this.#world = world;
  }

  /** The process has died: nothing that it waits for comes. */
  kill(): void {
    this.#isDead = true;
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const { weather, truth, store, clock, counts } = this.#world;
    const how = weather.appends;
    if (how !== "good") counts.add(`append ${how}`);
    for (const entry of batch) truth.write(entry);
    try {
      if (how === "refused") throw new Error("The log refuses.");
      if (how === "slow") await this.#pause(2_000);
      this.#refuseDead();
      const appended = await store.append(batch);
      for (const [index, { cursor, duplicate }] of appended.entries()) {
        const entry = batch[index];
        if (entry === undefined) continue;
        if (duplicate) counts.add("dedupe at the log");
        else truth.appended(entry, cursor, clock);
      }
      if (how === "unheard") throw new Error("The answer of the log was lost.");
      return appended;
    } finally {
      for (const entry of batch) truth.wrote(entry);
    }
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    return this.#ask(() => this.#world.store.read(after, channels, limit, signal));
  }

  recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    return this.#ask(() => this.#world.store.recent(channels, n, before));
  }

  current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    return this.#ask(() => this.#world.store.current(channels, after, limit));
  }

  head(): Promise<Cursor> {
    return this.#ask(() => this.#world.store.head());
  }

  watch(wake: () => void): () => void {
    const { store, clock, random, weather, counts } = this.#world;
    const ring = (): void => {
      if (!this.#isDead) wake();
    };
    this.watchers++;
    const unwatch = store.watch(() => {
      if (weather.doorbell !== "good") counts.add(`doorbell ${weather.doorbell}`);
      if (weather.doorbell === "late") clock.setTimeout(ring, random() * 3_000);
      else if (weather.doorbell !== "lost") ring();
      if (weather.doorbell === "spurious") clock.setTimeout(ring, random() * 500);
    });
    return () => {
      this.watchers--;
      unwatch();
    };
  }

  async trim(): Promise<void> {
    const { store, truth, clock, age } = this.#world;
    if (this.#isDead) return;
    const now = clock.now();
    const before = await store.head();
    await store.trim();
    const after = await store.head();
    // What expired is withdrawn, by entries that nobody publishes.
    for (let seq = before.seq + 1; after.epoch === before.epoch && seq <= after.seq; seq++)
      truth.appended(WITHDRAWAL, { epoch: after.epoch, seq }, clock);
    truth.trimmed(({ wall }) => now - wall >= age);
  }

  stat(): Promise<LogStat> {
    return this.#world.store.stat();
  }

  /** The store outlives the process. */
  async close(): Promise<void> {
    this.kill();
  }

  #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const how = this.#world.weather.reads;
    return how === "good" ? question() : this.#askIn(how, question);
  }

  async #askIn<Answer>(how: Weather["reads"], question: () => Promise<Answer>): Promise<Answer> {
    const { random, counts } = this.#world;
    counts.add(`read ${how}`);
    // Not every read meets the weather.
    if (random() < 0.3) return question();
    if (how === "failing") throw new Error("The log does not answer.");
    if (how === "slow") await this.#pause(12_000);
    const answer = await question();
    if (how === "stale") await this.#pause(3_000);
    return answer;
  }

  #pause(most: number): Promise<void> {
    const { clock, random } = this.#world;
    return new Promise((resolve) => void clock.setTimeout(resolve, 1 + random() * random() * most));
  }

  #refuseDead(): void {
    if (this.#isDead) throw new Error("The process is dead.");
  }
}
