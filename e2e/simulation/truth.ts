import type { NewEntry } from "@tidings/log";
import { formatCursor, type Cursor } from "@tidings/protocol";
import type { Program } from "./programs.ts";
import { Rights } from "./rights.ts";

/** When something happened: a count of everything that is noted, so that of two things one is always earlier. */
export type Tick = number;

/** How often a hub looks at its log without being told to, in milliseconds, and what it needs for that. */
const POLL = 1_050;

/** One event, as those know who published it and who keeps the database. */
export interface Fact {
  readonly n: number;
  readonly path: string;
  readonly type: string;
  readonly mode: NewEntry["mode"];
  readonly key: string;
  /** When the log was given it, by its clock, which may jump, in milliseconds since 1970. */
  readonly wall: number;
  /** Milliseconds since the world began. */
  readonly at: number;
  /** When it became visible. */
  readonly tick: Tick;
  readonly position: Cursor;
  /** When retention may have dropped it; Infinity before. */
  goneTick: Tick;
  /** When a failover or a reset took it away; Infinity before. */
  lostTick: Tick;
}

/** An end of an epoch. */
export interface Break {
  readonly tick: Tick;
  readonly kind: "failover" | "reset";
  /** The epoch that ended, and its last `seq` that survived. */
  readonly end: Cursor;
  /** Milliseconds since the world began. */
  readonly at: number;
  /**
   * Programs that were connected to a hub that believed in this epoch: it stands at the head, also when nothing was
   * sent since.
   */
  readonly connected: Set<Program>;
}

/**
 * What the application's database and its publishers know. Nothing here has asked a hub or a log what became of an
 * event.
 */
export class Truth {
  #tick = 0;
  readonly facts: Fact[] = [];
  /** One that is published again after a failover has two. */
  readonly #byNumber = new Map<number, Fact[]>();
  /** By path. */
  readonly #reliable = new Map<string, Fact[]>();
  /** Of values, by whoever; the path of those that have expired is not known. */
  readonly withdrawals: Fact[] = [];
  readonly breaks: Break[] = [];
  /** The rows of the application's tables, by path: what a snapshot shows. */
  readonly rows = new Map<string, Set<number>>();
  readonly rights = new Rights(() => this.next());
  /** Numbers of events whose transaction was rolled back. */
  readonly #rolledBack = new Set<number>();
  /** Attempts under way, by number. */
  readonly #writing = new Map<number, number>();
  readonly #kept: number;

  /** @param kept reliable events that retention keeps of a channel */
  constructor(kept: number) {
    this.#kept = kept;
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

  /** An attempt to publish a row's event is over; where none has come through, the row is rolled back. */
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

  /** The log has taken an entry. @param wall when it was given it, in milliseconds since 1970 by its clock */
  appended(entry: NewEntry, position: Cursor, wall: number, time: number): void {
    const n = numberOf(entry.data);
    const tick = this.next();
    const { channel: path, type, mode, key = "" } = entry;
    const fact: Fact = {
      n: n ?? -tick,
      path,
      type,
      mode,
      key,
      wall,
      at: time,
      tick,
      position,
      goneTick: Infinity,
      lostTick: this.#lostAlready(position),
    };
    this.facts.push(fact);
    // The row of an attempt may have gone with a failover before its event came into the next epoch.
    if (fact.lostTick !== Infinity) this.rows.get(path)?.delete(fact.n);
    else if (mode === "reliable" && n !== null) this.rows.set(path, (this.rows.get(path) ?? new Set()).add(n));
    if (n !== null) this.#byNumber.set(n, [...(this.#byNumber.get(n) ?? []), fact]);
    if (n === null && mode === "latest") this.#keep(this.withdrawals, fact);
    if (mode !== "reliable") return;
    const reliable = this.#reliable.get(path) ?? [];
    this.#reliable.set(path, reliable);
    this.#keep(reliable, fact);
  }

  /** Retention may drop those that are too many. Those that are too old may still be there, and count. */
  #keep(facts: Fact[], fact: Fact): void {
    facts.push(fact);
    const kept = facts.filter(({ lostTick }) => lostTick === Infinity);
    for (const old of kept.slice(0, Math.max(0, kept.length - this.#kept)))
      old.goneTick = Math.min(old.goneTick, fact.tick);
  }

  /** The log may have died between the append and its answer. */
  #lostAlready({ epoch, seq }: Cursor): Tick {
    return this.breaks.find(({ end }) => end.epoch === epoch && seq > end.seq)?.tick ?? Infinity;
  }

  /** Whoever is too old is gone. @param isAged by the log's clock */
  trimmed(isAged: (fact: Fact) => boolean): void {
    const tick = this.next();
    for (const fact of this.facts)
      if (fact.mode !== "volatile" && fact.goneTick === Infinity && isAged(fact)) fact.goneTick = tick;
  }

  /** An epoch has ended; everything after its end is no more. */
  broken(kind: Break["kind"], end: Cursor, at: number, connected: Break["connected"]): void {
    const tick = this.next();
    this.breaks.push({ tick, kind, end, at, connected });
    for (const fact of this.facts) {
      if (fact.lostTick !== Infinity || (kind === "failover" && fact.position.seq <= end.seq)) continue;
      fact.lostTick = tick;
      // The tables fail over with the log that shares their database; another log takes nothing of them.
      if (kind === "failover") this.rows.get(fact.path)?.delete(fact.n);
    }
  }

  /**
   * A program asks for a stream. A hub whose doorbell was lost believes in an epoch that has ended until its next poll.
   */
  connects(program: Program, now: number): void {
    for (const { at, connected } of this.breaks) if (now - at <= POLL) connected.add(program);
  }

  /** @param id of what was delivered or acknowledged; null for a volatile event or a current value */
  find(n: number, id: string | null): Fact | undefined {
    const facts = this.#byNumber.get(n) ?? [];
    return id === null ? facts.at(-1) : facts.find(({ position }) => formatCursor(position) === id);
  }

  /** An event that was appended although it stood there already; what a failover has taken may be published again. */
  twice(): Fact | undefined {
    for (const facts of this.#byNumber.values()) {
      const second = facts.find((fact, index) => index > 0 && (facts[index - 1]?.lostTick ?? 0) > fact.tick);
      if (second !== undefined) return second;
    }
    return undefined;
  }

  /** What stands at the head of the log; null while there is nothing. */
  get newest(): Fact | null {
    return this.facts.findLast(({ lostTick }) => lostTick === Infinity) ?? null;
  }

  /** The rows that somebody may see who may read from there on. @param id of an event; null: from the beginning */
  rowsAfter(path: string, id: string | null): number[] {
    const rows = [...(this.rows.get(path) ?? [])];
    if (id === null) return rows;
    const from = this.facts.find(({ position }) => formatCursor(position) === id)?.tick ?? Infinity;
    // One without an event is about to get it.
    return rows.filter((n) => (this.find(n, null)?.tick ?? Infinity) > from);
  }

  reliableOf(path: string): readonly Fact[] {
    return this.#reliable.get(path) ?? [];
  }
}

/** How the data of events begins. */
const NUMBERED = '{"n":';

/** The number of an event; null for orders and withdrawals, which have none. */
function numberOf(data: string | null): number | null {
  // Not parsed as a whole: some are long, and each is looked at several times. The number comes first, as in the
  // contract.
  return data?.startsWith(NUMBERED) === true ? Number.parseInt(data.slice(NUMBERED.length), 10) : null;
}
