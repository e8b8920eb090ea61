import type { ReaderItem } from "@tidings/server";
import { parseCursor } from "@tidings/protocol";
import type { contract, feeds, rooms } from "./contract.ts";
import type { EpochEnd } from "./epoch-end.ts";
import type { Fact, Tick } from "./fact.ts";
import type { Truth } from "./truth.ts";

export type Addresses = (typeof rooms)[number] | (typeof feeds)[number] | ReturnType<typeof contract.inbox>;
export type Item = ReaderItem<typeof contract, Addresses["name"]>;

/** An item that the job has worked off. */
export interface Done {
  readonly item: Item;
  readonly tick: Tick;
}

/** What a job has done, and where it reads. */
export interface JobDiary {
  readonly addresses: readonly Addresses[];
  readonly done: readonly Done[];
}

/** Says what is wrong with what a job has done, or null. */
export function judgeJob(truth: Truth, job: JobDiary): string | null {
  const wrong = new JobCase(truth, job).find();
  return wrong === null ? null : `${wrong} (the job)`;
}

type DoneOf<Kind> = Done & { readonly item: { readonly kind: Kind } };
const isOf = <Kind extends Done["item"]["kind"]>(done: Done, kind: Kind): done is DoneOf<Kind> =>
  done.item.kind === kind;

/** Judges the job: it has one position for all addresses, so their events are in one order. */
class JobCase {
  readonly #truth: Truth;
  readonly #job: JobDiary;
  readonly #delivered = new Set<Fact>();
  /** The last event of any address, since the position was void. */
  #last: Fact | null = null;
  /** What is not newer is done, or gapped, for every address. */
  #lastTick: Tick = 0;
  /** By path: the last event, since the position was void. */
  readonly #lastOf = new Map<string, Fact>();
  /** The position was void, and these paths have not been named yet. */
  #unnamed = new Set<string>();
  /** The ends of epochs that have excused the gaps of the paths that were named. */
  #excuses: (readonly [path: string, end: EpochEnd])[] = [];
  /** By path: when the last gap came. */
  readonly #gapped = new Map<string, Tick>();
  /** By path: the ends of epochs that have led to a gap. */
  readonly #used = new Map<string, Set<EpochEnd>>();

  constructor(truth: Truth, job: JobDiary) {
    this.#truth = truth;
    this.#job = job;
  }

  find(): string | null {
    for (const done of this.#job.done) {
      const wrong = this.#look(done);
      if (wrong !== null) return `${wrong}; tick ${done.tick}`;
    }
    return this.#atTheEnd();
  }

  #look(done: Done): string | null {
    if (isOf(done, "event")) return this.#event(done);
    if (isOf(done, "gap")) return this.#gap(done);
    return isOf(done, "invalid") ? `what is delivered was published: ${String(done.item.error)}` : null;
  }

  #event({ item, tick }: DoneOf<"event">): string | null {
    const { n } = item.data;
    const fact = this.#truth.find(n, item.cursor);
    if (fact === undefined) return `what is delivered was published: ${n} never was, at ${item.cursor}`;
    if (fact.path !== item.channel) return `what is delivered was subscribed to: ${n} is of ${fact.path}`;
    if (this.#truth.isRolledBack(n)) return `no follower sees a rolled back event: ${n} was seen`;
    if (this.#delivered.has(fact)) return `each item is for another event: ${n} came twice`;
    const last = this.#last;
    if (last !== null && (fact.tick <= last.tick || fact.lostTick <= last.tick)) {
      return `all addresses are in one order: ${n} came after ${last.n}`;
    }
    const lost = this.#lastOf.get(fact.path);
    if (lost !== undefined && lost.lostTick < fact.tick && fact.mode !== "volatile") {
      return `a gap comes before anything newer: ${lost.n} was lost, and ${n} came without a gap`;
    }
    if (this.#unnamed.size > 0) {
      return `a void position is a gap of every address: ${[...this.#unnamed].join(", ")} had none`;
    }
    for (const { path } of this.#job.addresses) {
      const missed = this.#missed(path, fact, tick);
      if (missed !== null) return missed;
    }
    this.#delivered.add(fact);
    this.#last = fact;
    this.#lastOf.set(fact.path, fact);
    this.#lastTick = Math.max(this.#lastTick, fact.tick);
    return null;
  }

  #missed(path: string, { tick, n }: Fact, now: Tick): string | null {
    for (const between of this.#truth.reliableOf(path)) {
      const isDone = between.tick <= this.#lastTick || between.tick >= tick || between.lostTick < now;
      if (isDone) continue;
      if (between.goneTick > now) return `acked is delivered or gapped: ${between.n} was skipped for ${n}`;
      if (between.goneTick > (this.#gapped.get(path) ?? 0)) {
        return `a gap comes before anything newer: ${between.n} is gone, and ${n} came without a gap`;
      }
    }
    return null;
  }

  #gap({ item, tick }: DoneOf<"gap">): string | null {
    const { channel: path, reason, cursor } = item;
    this.#gapped.set(path, tick);
    if (reason === "trimmed") {
      return this.#isTrimmed(path, item.name, tick) ? null : `gaps are honest: trimmed at ${cursor}, and nothing was`;
    }
    // Only the last gap moves the position. A job that was killed before it meets all of them again.
    const isAgain = this.#unnamed.size > 0 && !this.#unnamed.has(path);
    if (isAgain) for (const [named, used] of this.#excuses) this.#used.get(named)?.delete(used);
    const end = this.#truth.epochEnds.find((each) => each.tick < tick && this.#isVoid(each, path));
    if (end === undefined) return `gaps are honest: ${reason} at ${cursor}, and nothing was lost`;
    this.#used.set(path, (this.#used.get(path) ?? new Set()).add(end));
    this.#last = null;
    this.#lastOf.delete(path);
    if (isAgain || this.#unnamed.size === 0) {
      this.#excuses = [];
      this.#unnamed = new Set(this.#job.addresses.map((each) => each.path));
    }
    this.#excuses.push([path, end]);
    this.#unnamed.delete(path);
    const headTick = this.#unnamed.size === 0 ? this.#headTick(cursor, tick) : 0;
    this.#lastTick = Math.max(this.#lastTick, end.tick, headTick);
    return null;
  }

  #isTrimmed(path: string, name: string, now: Tick): boolean {
    const isGone = (fact: Fact): boolean => fact.goneTick < now && fact.tick > this.#lastTick;
    return (
      this.#truth.reliableOf(path).some((fact) => isGone(fact) && !this.#delivered.has(fact)) ||
      // Where an expired value was withdrawn is not known.
      this.#truth.withdrawals.some((fact) => isGone(fact) && (fact.path === path || name === "feed"))
    );
  }

  #isVoid(end: EpochEnd, path: string): boolean {
    if (this.#used.get(path)?.has(end) === true) return false;
    return end.kind === "reset" || this.#truth.facts.some(({ lostTick }) => lostTick === end.tick);
  }

  /** When the head of the log was appended that a gap carries. */
  #headTick(cursor: string, now: Tick): Tick {
    const seq = parseCursor(cursor)?.seq ?? 0;
    const isBefore = (fact: Fact): boolean => fact.position.seq <= seq && fact.lostTick > now && fact.tick < now;
    return this.#truth.facts.findLast(isBefore)?.tick ?? 0;
  }

  #atTheEnd(): string | null {
    for (const { path } of this.#job.addresses) {
      const gapped = this.#gapped.get(path) ?? 0;
      const missed = this.#truth
        .reliableOf(path)
        .find(({ tick, lostTick, goneTick }) => tick > this.#lastTick && lostTick === Infinity && goneTick > gapped);
      if (missed !== undefined) return `acked is delivered or gapped: ${missed.n} never came`;
    }
    return this.#topic();
  }

  /** The newest topic of the room counts. A value without expiry goes only by a withdrawal. */
  #topic(): string | null {
    const [{ path } = { path: "" }] = this.#job.addresses;
    const topics = this.#truth.facts.filter((fact) => fact.path === path && fact.type === "topic");
    const newest = topics.findLast(({ lostTick }) => lostTick === Infinity);
    if (newest === undefined || newest.tick <= this.#passedByGap) return null;
    // It may have skipped a value because of a newer one that a failover then took, as every reader may.
    if (topics.some(({ tick, lostTick }) => lostTick < Infinity && tick > newest.tick)) return null;
    const got = this.#job.done.findLast(({ item }) => item.channel === path && "type" in item && item.type === "topic");
    const isSame =
      got?.item.kind === "clear" ? newest.n < 0 : got?.item.kind === "event" && got.item.data.n === newest.n;
    return isSame ? null : `the newest value counts: topic ${newest.n} is not the last one`;
  }

  /** Up to here a gap stands for everything. */
  get #passedByGap(): Tick {
    const gap = this.#job.done.findLast(({ item }) => item.kind === "gap");
    return gap === undefined ? 0 : Math.max(gap.tick, 0);
  }
}
