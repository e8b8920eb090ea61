import type { Appended, EventLog, KeepRules, Limit, LogStat, NewEntry, Page, TransactionalLog } from "@tidings/log";
import type { SqliteTransaction } from "@tidings/log-sqlite";
import type { Cursor } from "@tidings/protocol";
import type { VirtualClock } from "@tidings/testing";
import type { Counts } from "./coverage.ts";
import type { Random } from "./random.ts";
import type { Store } from "./store.ts";
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
  /** How much later than its event a row is readable, in milliseconds: its insert, or a replica, lags behind. */
  rowsLag: number;
  /** Whether a proxy keeps what streams bring to our clients. */
  areStreamsKept: boolean;
  /** The same as of states, of who may read. */
  rights: "good" | "late" | "old";
  /** The head of the lagging copy of the log that pages are read from; null when they are read from the log itself. */
  copyHead: Cursor | null;
}

/** What a hub asks its log for; `more values` are those after a page of them. */
export type LogCall = "read" | "current" | "head" | "more values";

const WITHDRAWAL: NewEntry = { channel: "", type: "", mode: "latest", data: null };

export const GOOD: Weather = {
  reads: "good",
  appends: "good",
  doorbell: "good",
  states: "good",
  rowsLag: 0,
  areStreamsKept: false,
  rights: "good",
  copyHead: null,
};

/** A read for a stream takes so many bytes at most, and a read for a page more. */
const STREAM_BYTES = 64 * 1024;

export interface LogWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly store: Store;
  readonly truth: Truth;
  readonly weather: Weather;
  readonly counts: Counts;
  /** A failover that happens with the answer to that call. */
  readonly ambush: { readonly what: LogCall } | null;
  /** Publishes a value of every key. */
  burst(): Promise<void>;
  /** Lets that failover happen, unless it already has. */
  failOverNow(): Promise<void>;
  readonly onViolation: (what: string) => void;
}

/** An entry that a transaction has inserted. */
export interface InsertedEntry {
  readonly entry: NewEntry;
  /** By the log's clock, in milliseconds since 1970. */
  readonly wall: number;
}

/** The log as one server process sees it. It also notes in the truth what it appends. */
export class FaultyLog implements TransactionalLog<SqliteTransaction> {
  readonly #world: LogWorld;
  readonly #log: EventLog;
  /** What is in a transaction that has not ended. */
  readonly inserted: InsertedEntry[] = [];
  /** Calls of `watch` that have not ended. */
  watchers = 0;
  #isDead = false;

  constructor(world: LogWorld) {
    this.#world = world;
    this.#log = world.store.open(world.clock);
  }

  /** The process dies, and gets no answer any more. Entries that it has handed over may still be appended. */
  kill(): void {
    this.#isDead = true;
    void this.#log.close();
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const { weather, truth, clock, counts } = this.#world;
    const how = weather.appends;
    if (how !== "good") counts.add(`append ${how}`);
    for (const entry of batch) truth.write(entry);
    try {
      if (how === "refused") throw new Error("The log refuses.");
      if (how === "slow") await this.#pause(2_000);
      this.#refuseDead();
      const wall = clock.now();
      const keptBefore = truth.rules.now();
      const appended = await this.#append(batch);
      for (const [index, { cursor, duplicate }] of appended.entries()) {
        const entry = batch[index];
        if (entry === undefined) continue;
        if (duplicate) counts.add("dedupe at the log");
        else truth.appended(entry, cursor, wall, clock.time, keptBefore);
      }
      if (how === "unheard") throw new Error("The answer of the log was lost.");
      return appended;
    } finally {
      for (const entry of batch) truth.wrote(entry);
    }
  }

  async appendIn(transaction: SqliteTransaction, batch: readonly NewEntry[]): Promise<void> {
    const log = this.#log as TransactionalLog<SqliteTransaction>; // of a store that has handles
    const appending = log.appendIn(transaction, batch);
    for (const entry of batch) this.inserted.push({ entry, wall: this.#world.clock.now() });
    await appending;
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    const reading = this.#ask("read", () => this.#log.read(after, channels, limit, signal));
    const { copyHead } = this.#world.weather;
    const isFromCopy = copyHead !== null && channels !== null && limit.bytes > STREAM_BYTES;
    return isFromCopy ? reading.then((page) => this.#asOfCopy(page, after, copyHead)) : reading;
  }

  recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    return this.#ask("read", () => this.#log.recent(channels, n, before));
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    if (this.#world.ambush?.what === "more values") await this.#split(after === null);
    return this.#ask("current", () => this.#log.current(channels, after, limit));
  }

  head(): Promise<Cursor> {
    return this.#ask("head", () => this.#log.head());
  }

  watch(wake: () => void): () => void {
    const { clock, random, weather, counts } = this.#world;
    const ringDoorbell = (): void => {
      if (!this.#isDead) wake();
    };
    this.watchers++;
    const unwatch = this.#log.watch(() => {
      if (weather.doorbell !== "good") counts.add(`doorbell ${weather.doorbell}`);
      if (weather.doorbell === "late") clock.setTimeout(ringDoorbell, random() * 3_000);
      else if (weather.doorbell !== "lost") ringDoorbell();
      if (weather.doorbell === "spurious") clock.setTimeout(ringDoorbell, random() * 500);
    });
    return () => {
      this.watchers--;
      unwatch();
    };
  }

  async setRules(rules: KeepRules): Promise<void> {
    const { weather, truth, counts } = this.#world;
    const how = weather.appends;
    if (how === "refused") throw new Error("The log refuses.");
    if (how === "slow") await this.#pause(2_000);
    this.#refuseDead();
    const confirm = truth.storeRules(rules);
    await this.#log.setRules(rules);
    counts.add("rules stored");
    if (how === "unheard") throw new Error("The answer of the log was lost.");
    confirm();
  }

  async trim(): Promise<void> {
    const { truth, clock } = this.#world;
    if (this.#isDead) return;
    const keptBefore = truth.rules.now();
    const before = await this.#log.head();
    const now = clock.now();
    await this.#log.trim();
    const after = await this.#log.head();
    // The log withdraws expired values by entries of its own.
    for (let seq = before.seq + 1; after.epoch === before.epoch && seq <= after.seq; seq++) {
      truth.appended(WITHDRAWAL, { epoch: after.epoch, seq }, now, clock.time);
    }
    const keptAfter = truth.rules.now();
    truth.trimmed(({ wall, path }) => now - wall >= Math.min(keptBefore(path).age, keptAfter(path).age));
  }

  stat(): Promise<LogStat> {
    return this.#log.stat();
  }

  close(): Promise<void> {
    this.#isDead = true;
    return this.#log.close();
  }

  /** The same page of a copy that has nothing after `head`, neither entries nor losses. */
  #asOfCopy(page: Page, after: Cursor, head: Cursor): Page {
    const { counts, truth } = this.#world;
    const isOfOneEpoch = after.epoch === head.epoch && page.next.epoch === head.epoch;
    if (!isOfOneEpoch || page.holes.some(({ reason }) => reason !== "trimmed")) return page;
    // Retention takes the oldest of a channel first, so a loss that ends later has begun here if anything was here.
    const holes = page.holes.filter(
      ({ channel, to }) =>
        to <= head.seq ||
        truth.facts.some(
          // Where an expired value was withdrawn is not known.
          ({ path, position: { seq } }) => (path === channel || path === "") && seq > after.seq && seq <= head.seq,
        ),
    );
    if (page.next.seq > head.seq) counts.add("page of a copy that lags");
    if (holes.length < page.holes.length) counts.add("page of a copy without the loss");
    const seq = Math.max(after.seq, Math.min(page.next.seq, head.seq));
    return {
      entries: page.entries.filter((entry) => entry.seq <= head.seq),
      holes,
      next: { epoch: head.epoch, seq },
      more: page.more && page.next.seq <= head.seq,
    };
  }

  async #append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const { clock, counts, store, onViolation } = this.#world;
    const begun = clock.time;
    try {
      return await this.#log.append(batch);
    } catch (error) {
      if (clock.time > begun) counts.add("append out of patience");
      throw error;
    } finally {
      const waited = clock.time - begun;
      if (waited > 0) counts.add("append behind a transaction");
      if (waited > store.patience) onViolation(`an append waits no longer than its patience: one waited ${waited} ms`);
    }
  }

  #ask<Answer>(what: LogCall, call: () => Promise<Answer>): Promise<Answer> {
    const { weather, ambush } = this.#world;
    if (ambush?.what === what) return this.#askInAmbush(call);
    return weather.reads === "good" ? call() : this.#askIn(weather.reads, call);
  }

  /**
   * Values are published in front of the first page of them, and a failover takes some of these in front of the next
   * one.
   */
  async #split(isFirst: boolean): Promise<void> {
    const { clock, counts } = this.#world;
    if (isFirst) return this.#world.burst();
    counts.add("failover between two pages of values");
    await this.#world.failOverNow();
    // Everything that was read before has an earlier time of sending.
    await new Promise<void>((resolve) => void clock.setTimeout(resolve, 1));
  }

  /** The answer is right when it is given, and wrong when it arrives. */
  async #askInAmbush<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    const answer = await call();
    await this.#world.failOverNow();
    return answer;
  }

  async #askIn<Answer>(how: Weather["reads"], call: () => Promise<Answer>): Promise<Answer> {
    const { random, counts } = this.#world;
    counts.add(`read ${how}`);
    // Some reads work in bad weather, too.
    if (random() < 0.3) return call();
    if (how === "failing") throw new Error("The log does not answer.");
    if (how === "slow") await this.#pause(12_000);
    const answer = await call();
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
