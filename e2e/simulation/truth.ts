import type { ChannelKeep, KeepRules, NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { EpochEnd } from "./epoch-end.ts";
import type { Fact, Tick } from "./fact.ts";
import type { Program } from "./program.ts";
import { Rights } from "./rights.ts";
import { RulesInForce, type KeptOf } from "./rules-in-force.ts";

/** A hub reads its log at least once in so many milliseconds, also without a doorbell. */
const POLL = 1_050;
/** What an entry counts beside its data, in bytes: no log counts more. */
const ENTRY_BYTES = 200;
/** The events of so many milliseconds come again after a state. */
const OVERLAP = 2_000;

/**
 * What the application's database and its publishers know. It asks no hub and no log about an event.
 */
export class Truth {
  #tick = 0;
  readonly facts: Fact[] = [];
  /** An event that is published again after a failover has two facts. */
  readonly #byNumber = new Map<number, Fact[]>();
  /** By path. */
  readonly #reliable = new Map<string, Fact[]>();
  /** Withdrawals of values. The path is not known where the log itself withdrew an expired value. */
  readonly withdrawals: Fact[] = [];
  readonly epochEnds: EpochEnd[] = [];
  /** The rows of the application's tables, by path: what a snapshot shows. */
  readonly rows = new Map<string, Set<number>>();
  readonly rights = new Rights(() => this.next());
  /** Numbers of events whose transaction was rolled back. */
  readonly #rolledBack = new Set<number>();
  /** Attempts under way, by number. */
  readonly #writing = new Map<number, number>();
  readonly rules: RulesInForce;
  readonly #keptBytes: number;
  /** How many events are perhaps gone because there were too many bytes. */
  droppedForBytes = 0;

  /** @param told what the log was told to keep of a channel @param keptBytes of the whole log */
  constructor(told: ChannelKeep, keptBytes: number) {
    this.rules = new RulesInForce(told);
    this.#keptBytes = keptBytes;
  }

  next(): Tick {
    return ++this.#tick;
  }

  /** A row is written, before its event is. */
  write({ channel, data, mode }: NewEntry): void {
    const n = numberOf(data);
    if (n === null || mode !== "reliable") return;
    this.#writing.set(n, (this.#writing.get(n) ?? 0) + 1);
    const rows = this.rows.get(channel) ?? new Set();
    this.rows.set(channel, rows.add(n));
  }

  /** An attempt to publish the event of a row is over. If all attempts have failed, the row is rolled back. */
  wrote({ channel, data }: NewEntry): void {
    const n = numberOf(data) ?? -1;
    const others = (this.#writing.get(n) ?? 1) - 1;
    this.#writing.set(n, others);
    const isThere = this.#byNumber.get(n)?.some(({ lostTick }) => lostTick === Infinity) ?? false;
    if (others === 0 && !isThere) this.rows.get(channel)?.delete(n);
  }

  rollBack(n: number): void {
    this.#rolledBack.add(n);
  }

  isRolledBack(n: number): boolean {
    return this.#rolledBack.has(n);
  }

  /**
   * The log has taken an entry.
   *
   * @param wall when it was given it, in milliseconds since 1970 by its clock
   * @param keptBefore what may have been kept of each path at that moment: other rules may have come since then
   */
  appended(entry: NewEntry, position: Cursor, wall: number, time: number, keptBefore = this.rules.now()): void {
    const n = numberOf(entry.data);
    const tick = this.next();
    const { channel: path, type, mode, key = "" } = entry;
    const fact: Fact = {
      n: n ?? -tick,
      path,
      type,
      mode,
      key,
      isWithdrawal: mode === "latest" && entry.data === null,
      wall,
      at: time,
      tick,
      position,
      bytes: ENTRY_BYTES + Buffer.byteLength(entry.data ?? ""),
      goneTick: Infinity,
      lostTick: this.#lostAlready(position),
    };
    this.facts.push(fact);
    // A failover may have taken the row of an attempt before its event was appended in the next epoch.
    if (fact.lostTick !== Infinity) this.rows.get(path)?.delete(fact.n);
    else if (mode === "reliable" && n !== null) this.rows.set(path, (this.rows.get(path) ?? new Set()).add(n));
    if (n !== null) this.#byNumber.set(n, [...(this.#byNumber.get(n) ?? []), fact]);
    if (fact.isWithdrawal) this.#keep(this.withdrawals, fact, keptBefore);
    if (mode !== "reliable") return;
    const reliable = this.#reliable.get(path) ?? [];
    this.#reliable.set(path, reliable);
    this.#keep(reliable, fact, keptBefore);
  }

  /** The log is given rules. Returns what is to be called when it has confirmed them. */
  storeRules(rules: KeepRules): () => void {
    const tick = this.next();
    const confirm = this.rules.store(rules, tick);
    for (const facts of [...this.#reliable.values(), this.withdrawals]) this.#dropExcess(facts, tick);
    return () => confirm(this.next());
  }

  #keep(facts: Fact[], fact: Fact, keptBefore: KeptOf): void {
    facts.push(fact);
    this.#dropExcess(facts, fact.tick, keptBefore);
    this.#keepBytes(fact.tick);
  }

  /** Retention may drop the oldest ones above its limit. Events that are too old may still be there, and count. */
  #dropExcess(facts: readonly Fact[], tick: Tick, keptBefore = this.rules.now()): void {
    const isOfOneChannel = facts !== this.withdrawals;
    const path = (isOfOneChannel && facts[0]?.path) || "";
    const entries = Math.min(this.rules.now()(path).entries, keptBefore(path).entries);
    const kept = facts.filter(({ lostTick }) => lostTick === Infinity);
    for (const old of kept.slice(0, Math.max(0, kept.length - entries))) old.goneTick = Math.min(old.goneTick, tick);
  }

  /**
   * Retention may drop the oldest ones of all channels above its bytes. Logs differ in whether a withdrawal goes first
   * or last, so all withdrawals count. So does what is gone already: a failover may bring it back.
   */
  #keepBytes(tick: Tick): void {
    if (this.#keptBytes === Infinity) return;
    const there = this.#weighed();
    let bytes = there.reduce((sum, each) => sum + (each.mode === "latest" ? each.bytes : 0), 0);
    for (const each of there) {
      if (each.mode === "reliable") bytes += each.bytes;
      if (bytes <= this.#keptBytes || each.goneTick !== Infinity) continue;
      each.goneTick = tick;
      this.droppedForBytes++;
    }
  }

  /** What counts against the bytes, the newest first: reliable events, and the newest withdrawals of their keys. */
  #weighed(): Fact[] {
    const keys = new Set<string>();
    return this.facts.toReversed().filter(({ lostTick, mode, path, type, key, isWithdrawal }) => {
      if (lostTick !== Infinity || mode === "volatile") return false;
      if (mode === "reliable") return true;
      const name = JSON.stringify([path, type, key]);
      // Where the log itself has withdrawn an expired value, the key is not known.
      const isNewest = path === "" || !keys.has(name);
      keys.add(name);
      return isNewest && isWithdrawal;
    });
  }

  /** The log may have died between the append and its answer. */
  #lostAlready({ epoch, seq }: Cursor): Tick {
    return this.epochEnds.find(({ last }) => last.epoch === epoch && seq > last.seq)?.tick ?? Infinity;
  }

  /** Notes that events above the age limit are gone. @param isAged by the log's clock */
  trimmed(isAged: (fact: Fact) => boolean): void {
    const tick = this.next();
    for (const fact of this.facts) {
      if (fact.mode !== "volatile" && fact.goneTick === Infinity && isAged(fact)) fact.goneTick = tick;
    }
  }

  /** An epoch has ended; everything after its last entry is gone. */
  endEpoch(kind: EpochEnd["kind"], last: Cursor, at: number, connected: EpochEnd["connected"]): void {
    const tick = this.next();
    this.epochEnds.push({ tick, kind, last, at, connected });
    for (const fact of this.facts) {
      if (fact.lostTick !== Infinity || (kind === "failover" && fact.position.seq <= last.seq)) continue;
      fact.lostTick = tick;
      // The tables are in the same database as the log, so they fail over with it. A reset does not change them.
      if (kind === "failover") this.rows.get(fact.path)?.delete(fact.n);
    }
  }

  /**
   * A program requests a stream. A hub whose doorbell was lost does not know until its next poll that an epoch has
   * ended.
   */
  connects(program: Program, now: number): void {
    for (const { at, connected } of this.epochEnds) {
      if (now - at <= POLL) connected.add(program);
    }
  }

  /** @param id of what was delivered or acknowledged; null for a volatile event or a current value */
  find(n: number, id: string | null): Fact | undefined {
    const facts = this.#byNumber.get(n) ?? [];
    return id === null ? facts.at(-1) : facts.find(({ position }) => formatCursor(position) === id);
  }

  /** An event that was appended twice. An event that a failover has taken may be published again. */
  twice(): Fact | undefined {
    for (const facts of this.#byNumber.values()) {
      const second = facts.find((fact, index) => index > 0 && (facts[index - 1]?.lostTick ?? 0) > fact.tick);
      if (second !== undefined) return second;
    }
    return undefined;
  }

  /** The newest event of the log; null while there is none. */
  get newest(): Fact | null {
    return this.facts.findLast(({ lostTick }) => lostTick === Infinity) ?? null;
  }

  /** The earliest tick from which events come again after a state. @param time the state was not requested before it */
  overlapStart(time: number): Tick {
    return this.facts.findLast(({ at }) => at < time - OVERLAP)?.tick ?? 0;
  }

  /**
   * The rows that a viewer may see who may read from that event on.
   * @param id null: from the beginning
   * @param since a row whose event the log was given later is not readable yet, in milliseconds since 1970
   */
  rowsAfter(path: string, id: string | null, since = Infinity): number[] {
    const rows = [...(this.rows.get(path) ?? [])].filter((n) => this.#isReadable(n, since));
    if (id === null) return rows;
    const from = this.facts.find(({ position }) => formatCursor(position) === id)?.tick ?? Infinity;
    // A row without an event will get it soon.
    return rows.filter((n) => (this.find(n, null)?.tick ?? Infinity) > from);
  }

  /** Around a failover rows are not late: the events of a former epoch do not come again after a state. */
  #isReadable(n: number, since: number): boolean {
    if (since === Infinity) return true;
    const fact = this.find(n, null);
    return fact !== undefined && (fact.wall <= since || fact.tick < (this.epochEnds.at(-1)?.tick ?? 0));
  }

  reliableOf(path: string): readonly Fact[] {
    return this.#reliable.get(path) ?? [];
  }
}

/** How the data of events begins. */
const NUMBERED = '{"n":';

/** The number of an event; null for commands and withdrawals, which have none. */
function numberOf(data: string | null): number | null {
  // The JSON is not parsed: some is long, and each is read several times. The number is the first member, as in the
  // contract.
  return data?.startsWith(NUMBERED) === true ? Number.parseInt(data.slice(NUMBERED.length), 10) : null;
}
