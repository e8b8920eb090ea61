import { END_TYPE } from "@tidings/protocol/mode";
import type { Diary, Seen, SeenOf } from "./diary.ts";
import type { EpochEnd } from "./epoch-end.ts";
import type { Fact, Tick } from "./fact.ts";
import { FollowerRights } from "./follower-rights.ts";
import { GapExcuses } from "./gap-excuses.ts";
import type { Truth } from "./truth.ts";
import { Values } from "./values.ts";
import type { World } from "./world.ts";
import { wrongState } from "./wrong-state.ts";
import { wrongVolatile } from "./wrong-volatile.ts";

/** The gaps that a subscription may have within a minute; the last of them ends it. */
const GAPS = 3;
const MINUTE = 60_000;

/** Judges one follower: everything that it has seen, from the first thing to the last. */
export class FollowerCase {
  readonly #truth: Truth;
  /** Milliseconds in which a hub may not have read yet that a right was taken. */
  readonly #grace: number;
  /** Answers may bring an older position: reads of the log or of the state were slow. */
  readonly #isLate: boolean;
  readonly #hasBadReads: boolean;
  /** Pages were read from a copy of the log that lags. */
  readonly #hasLag: boolean;
  readonly #hasJumped: boolean;
  readonly #follower: Diary;
  readonly #rights: FollowerRights;
  /** It follows without our client, so it may get an event twice. */
  readonly #isPlain: boolean;
  readonly #reliable: readonly Fact[];
  /** The events that its handlers got since its last state. */
  #delivered = new Set<Fact>();
  /** The numbers of these events, and those in that state. */
  #had = new Set<number>();
  /** The lost rows of its last state whose events had been appended before it asked for that state. */
  #shown: readonly Fact[] = [];
  /** The newest event with an id that it has got. */
  #last: Fact | null = null;
  /** From this tick on it is owed everything; null while it has not begun. */
  #owedFrom: Tick | null = null;
  /** The earliest tick at which it can have begun: it may have joined a connection that was open already. */
  #floor: Tick = 0;
  /** When it last got a gap or a state. */
  #restart: Pick<Seen, "tick" | "at">;
  /** When it got the gaps of the last minute, in milliseconds since the world began. */
  #gaps: number[] = [];
  #hasState = false;
  /** It has got the end of its address. */
  #hasEnd = false;
  /** It began with a page of history. */
  #hasPage = false;
  readonly #excuses: GapExcuses;
  readonly #values: Values;
  /** The last failover that took one of the values with which it began. */
  #voided: EpochEnd | null = null;

  constructor(world: World, follower: Diary) {
    const { truth, hasJumped, hasBadReads, hasSlowStates, grace } = world;
    this.#hasBadReads = hasBadReads;
    this.#isLate = hasBadReads || hasSlowStates;
    this.#grace = grace;
    this.#isPlain = follower.manner === "plain";
    this.#hasJumped = hasJumped;
    this.#hasLag = world.counts.of("page of a copy that lags") > 0;
    this.#truth = truth;
    this.#values = new Values(world, follower);
    this.#excuses = new GapExcuses(world, follower);
    this.#follower = follower;
    this.#rights = new FollowerRights(world, follower);
    this.#reliable = truth.reliableOf(follower.address.path);
    this.#restart = { tick: follower.begun, at: follower.begunAt };
  }

  find(): string | null {
    for (const seen of this.#follower.seen) {
      const wrong = this.#look(seen);
      if (wrong !== null) return `${wrong}; tick ${seen.tick}`;
    }
    return this.#atTheEnd();
  }

  #look(seen: Seen): string | null {
    switch (seen.kind) {
      case "live":
        this.#owedFrom ??= seen.tick;
        this.#onLive(seen);
        return null;
      case "event":
        return this.#event(seen);
      case "gap":
        return this.#gap(seen);
      case "state":
        return this.#state(seen);
      case "cleared":
        this.#values.delete(seen.cleared.type, seen.cleared.key);
        return null;
      case "reloaded":
        this.#values.clear();
        this.#voided = null;
        this.#gaps = [];
        return null;
      case "begins":
        this.#values.clear();
        this.#voided = null;
        this.#gaps = [];
        this.#last = null;
        this.#owedFrom = seen.from;
        this.#hasPage = seen.from !== null;
        return null;
      case "closed":
        return this.#closed(seen);
    }
  }

  #closed({ reason }: SeenOf<"closed">): string | null {
    const hasReason = reason === "ended" ? this.#hasEnd : ["closed", "forbidden", "gap-loop"].includes(reason);
    return hasReason ? null : `no follower is closed without a reason: ${reason}`;
  }

  #event(seen: SeenOf<"event">): string | null {
    const fact = this.#truth.find(seen.n, seen.id);
    if (this.#truth.isRolledBack(seen.n)) return `no follower sees a rolled back event: ${seen.n} was seen`;
    if (fact === undefined) return `what is delivered was published: ${seen.n} never was, at ${seen.id}`;
    if (fact.path !== this.#follower.address.path) {
      return `what is delivered was subscribed to: ${seen.n} is of ${fact.path}`;
    }
    const wrong = this.#rights.violation(fact, seen) ?? this.#unreported(fact, seen);
    if (wrong !== null) return wrong;
    if (this.#hasEnd) return `nothing comes after an end: ${seen.n} did`;
    this.#hasEnd = fact.type === END_TYPE;
    // A loop may read it long after it came.
    const isTimeKnown = !this.#follower.isLoop && !this.#hasJumped;
    if (fact.mode === "volatile") return wrongVolatile(fact, seen, isTimeKnown ? this.#grace : Infinity);
    if (fact.mode === "latest") this.#values.set(seen.type, seen.key, seen.n);
    // A current value has no position.
    if (seen.id === null && this.#hasEnd) return this.#missed(fact, seen.tick);
    if (seen.id === null) return fact.mode === "latest" ? null : `reliable events have an id: ${seen.n} came without`;
    if (this.#delivered.has(fact)) {
      if (this.#isPlain) return null;
      return `each handler call is for another event: ${fact.n} came twice`;
    }
    const disorder = this.#disorder(fact);
    if (disorder !== null) return disorder;
    const missed = this.#missed(fact, seen.tick);
    if (missed !== null) return missed;
    this.#delivered.add(fact);
    this.#had.add(fact.n);
    this.#last = fact;
    this.#owedFrom ??= seen.tick;
    return null;
  }

  #disorder(fact: Fact): string | null {
    const last = this.#last;
    if (last === null) return null;
    const isLater = fact.tick > last.tick && fact.position.seq > last.position.seq && fact.lostTick > last.tick;
    return isLater ? null : `channels are in order: ${fact.n} came after ${last.n}`;
  }

  /**
   * The events between the last one and this one were trimmed, and a gap has said so; or a failover took them before
   * they were seen.
   */
  #missed(fact: Fact, now: Tick): string | null {
    for (const between of this.#reliable) {
      if (between.tick >= fact.tick || between.lostTick < now || !this.#isOwed(between)) continue;
      if (between.goneTick > now) return `acked is delivered or gapped: ${between.n} was skipped for ${fact.n}`;
      if (between.goneTick > this.#restart.tick) {
        return `a gap comes before anything newer: ${between.n} is gone, and ${fact.n} came without a gap`;
      }
    }
    return null;
  }

  /**
   * After a failover has taken an event that the follower has got, a gap comes before anything newer. And the follower
   * gets nothing that a failover has taken.
   */
  #unreported(fact: Fact, { id, sentAt }: SeenOf<"event">): string | null {
    if (this.#last !== null && this.#last.lostTick < fact.tick && fact.mode !== "volatile") {
      return `a gap comes before anything newer: ${this.#last.n} was lost, and ${fact.n} came without a gap`;
    }
    const shown = this.#lostOfState(fact.tick);
    if (shown !== undefined && fact.mode !== "volatile") {
      return `a gap comes before anything newer: ${shown.n} of a state was lost, and ${fact.n} came without a gap`;
    }
    if (id !== null || fact.mode !== "latest" || fact.lostTick === Infinity) return null;
    this.#voided = this.#truth.epochEnds.find(({ tick }) => tick === fact.lostTick) ?? null;
    // It is not known when a slow read was answered, and when an event of a loop arrived.
    if (this.#hasBadReads || this.#follower.isLoop || sentAt <= (this.#voided?.at ?? Infinity)) return null;
    return `the newest value counts: ${fact.n} was sent after it was lost`;
  }

  /** An event of its last state that a failover took before a moment. */
  #lostOfState(before: Tick): Fact | undefined {
    // A position that a copy of the log has given, or a late read, may be before what the state shows.
    const isBefore = this.#hasBadReads || this.#hasLag;
    return isBefore ? undefined : this.#shown.find(({ lostTick }) => lostTick < before);
  }

  /**
   * Without our client: after a failover between two values, the server sends all values again. So a follower that gets
   * its first id later has all of them.
   */
  #onLive({ sentAt }: Seen): void {
    if (this.#isPlain && !this.#hasBadReads && this.#voided !== null && this.#voided.at < sentAt) {
      this.#values.wholeSince = this.#voided.tick;
    }
    this.#voided = null;
  }

  /** Whether it should have got an event, which is newer than the last one that it got. */
  #isOwed(fact: Fact): boolean {
    if (this.#rights.hides(fact)) return false;
    if (this.#had.has(fact.n) || this.#owedFrom === null || fact.tick < this.#owedFrom) return false;
    return this.#last === null || fact.tick > this.#last.tick;
  }

  #gap(seen: SeenOf<"gap">): string | null {
    const { gap, tick, at } = seen;
    this.#gaps = [...this.#gaps.filter((each) => at - each < MINUTE), at];
    if (this.#gaps.length > GAPS && this.#follower.manner === "handlers" && !this.#hasJumped) {
      return `no gap loop: ${this.#gaps.length} gaps within a minute`;
    }
    const witness =
      gap.reason === "trimmed"
        ? this.#trimWitness(tick, this.#rights.hiddenUpTo(seen))
        : this.#excuses.excuse(tick, this.#last === null);
    const before = this.#restart.tick;
    this.#restart = seen;
    this.#shown = [];
    // Our client gives it the current values again.
    this.#values.clear();
    // No state follows. The application loads its own state now, and is owed what comes from now on.
    if (gap.reason !== "trimmed") {
      this.#last = null;
      this.#owedFrom = tick;
    }
    if (witness) return null;
    return `gaps are honest: ${gap.reason} after ${gap.after}, and nothing was lost since tick ${before}`;
  }

  /** Whether something of this channel is gone that it has not got, after the last event that it got. */
  #trimWitness(now: Tick, hidden: Tick): boolean {
    const floor = Math.max(this.#last?.tick ?? this.#floor, hidden);
    const isGone = (fact: Fact): boolean => fact.goneTick < now && fact.tick > floor;
    const { name, path } = this.#follower.address;
    return (
      this.#reliable.some((fact) => isGone(fact) && !this.#delivered.has(fact)) ||
      this.#truth.withdrawals.some((fact) => isGone(fact) && (fact.path === path || name === "feed"))
    );
  }

  #state(seen: SeenOf<"state">): string | null {
    const hidden = this.#rights.hiddenUpTo(seen);
    const shown = seen.said.find((n) => (this.#truth.find(n, null)?.tick ?? Infinity) <= hidden);
    if (shown !== undefined) return `what is hidden is never shown: ${shown} is in a state`;
    this.#hasState = true;
    this.#delivered = new Set();
    this.#had = new Set(seen.said);
    this.#values.clear();
    this.#last = null;
    // The position was read after the request, and lies before the head by the overlap. When reads are slow, the
    // follower may share an older load.
    const isKnown = !this.#isLate && !this.#hasJumped;
    this.#floor = isKnown ? this.#truth.overlapStart(this.#restart.at) : 0;
    const rows = this.#truth.rows.get(this.#follower.address.path);
    const facts = seen.said.flatMap((n) => (rows?.has(n) === true ? [] : (this.#truth.find(n, null) ?? [])));
    this.#shown = facts.filter(({ tick }) => tick < this.#restart.tick);
    this.#restart = seen;
    // The event of a row that the state lacks comes after the state: it is newer, or comes again.
    this.#owedFrom = 0;
    return null;
  }

  /** Judges a follower that has not left, when nothing happens any more. */
  #atTheEnd(): string | null {
    if (this.#follower.isClosed) return null;
    const missed = this.#reliable.find(
      (fact) => this.#isOwed(fact) && fact.lostTick === Infinity && fact.goneTick > this.#restart.tick,
    );
    if (missed !== undefined) return `acked is delivered or gapped: ${missed.n} never came`;
    const end = this.#reliable.find(({ type, lostTick }) => type === END_TYPE && lostTick === Infinity);
    if (end !== undefined && end.goneTick === Infinity && !this.#rights.hides(end)) {
      return `nobody waits for what has ended: ${end.n} never came`;
    }
    const shown = this.#lostOfState(Infinity);
    if (shown !== undefined) return `no phantom survives a gap: ${shown.n} of a state was lost, and no gap came`;
    if (this.#hasState) {
      const { path } = this.#follower.address;
      const wrong = wrongState({ truth: this.#truth, path, rights: this.#rights }, this.#delivered, this.#had);
      if (wrong !== null) return wrong;
    }
    // A follower that began with a page has no values. Without our client, a gap does not bring the values again.
    return this.#hasPage || (this.#isPlain && this.#gaps.length > 0) ? null : this.#values.wrong();
  }
}
