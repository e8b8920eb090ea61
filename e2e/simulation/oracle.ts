import { Breaks } from "./breaks.ts";
import type { Diary, Seen } from "./diary.ts";
import type { Break, Fact, Tick, Truth } from "./truth.ts";
import { Values } from "./values.ts";
import type { World } from "./world.ts";

/** The gaps that a subscription may have within a minute; the last of them ends it. */
const GAPS = 3;
const MINUTE = 60_000;
/** Milliseconds that a volatile event is owed. */
const VOLATILE = 5_000;

type Noted<Kind extends Seen["kind"]> = Extract<Seen, { readonly kind: Kind }>;

/**
 * What is wrong with what the handlers saw, or null. It knows what was published, what is gone and who may read; it has
 * never asked a hub, a client or a log.
 */
export function judge(world: World): string | null {
  const twice = world.truth.twice();
  // Keys are known for ten minutes by a clock that must not jump.
  if (twice !== undefined && !world.hasJumped)
    return `a key publishes once: ${twice.n} stands in the log a second time, at ${twice.position.epoch}.${twice.position.seq}`;
  for (const diary of world.diaries) {
    const wrong = new Case(world, diary).find();
    if (wrong === null) continue;
    world.wronged = diary;
    return `${wrong} (${String(diary)})`;
  }
  return null;
}

/** One follower, walked from the first thing it was told to the last. */
class Case {
  readonly #truth: Truth;
  /** Milliseconds in which a hub may not have read yet that a right was taken. */
  readonly #grace: number;
  /** Answers may bring a position from before: reads of the log or of the state were slow. */
  readonly #isLate: boolean;
  readonly #hasBadReads: boolean;
  readonly #hasJumped: boolean;
  readonly #follower: Diary;
  /** Whether a repetition is for it to drop. */
  readonly #isPlain: boolean;
  readonly #reliable: readonly Fact[];
  /** What it was called for since its last state. */
  #delivered = new Set<Fact>();
  /** The same, and what that state has. */
  #had = new Set<number>();
  /** The newest event that it has had with an id. */
  #last: Fact | null = null;
  /** From here on it is owed everything; null while it has no beginning. */
  #owedFrom: Tick | null = null;
  /** Where it began, at the earliest: before it has a state, where its client's connection stood already. */
  #floor: Tick = 0;
  /** When it was last told of a gap, or given a state. */
  #restartTick: Tick;
  /** When it was told of those of the last minute, in milliseconds since the world began. */
  #gaps: number[] = [];
  /** It was given one, ever. */
  #hasState = false;
  /** It went on from a page. */
  #hasPage = false;
  readonly #breaks: Breaks;
  readonly #values: Values;
  /** The last failover that has taken a value which it was given first of all. */
  #voided: Break | null = null;

  constructor(world: World, follower: Diary) {
    const { truth, hasJumped, hasBadReads, hasSlowStates, grace } = world;
    this.#hasBadReads = hasBadReads;
    this.#isLate = hasBadReads || hasSlowStates;
    this.#grace = grace;
    this.#isPlain = follower.manner === "plain";
    this.#hasJumped = hasJumped;
    this.#truth = truth;
    this.#values = new Values(world, follower);
    this.#breaks = new Breaks(world, follower);
    this.#follower = follower;
    this.#reliable = truth.reliableOf(follower.address.path);
    this.#restartTick = follower.begun;
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
        this.#rewhole(seen);
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
        return seen.reason === "closed" || seen.reason === "forbidden" || seen.reason === "gap-loop"
          ? null
          : `nobody is closed for nothing: ${seen.reason}`;
    }
  }

  #event(seen: Noted<"event">): string | null {
    const fact = this.#truth.find(seen.n, seen.id);
    if (this.#truth.isRolledBack(seen.n)) return `a rolled back event is seen by nobody: ${seen.n} was`;
    if (fact === undefined) return `what is delivered was published: ${seen.n} never was, at ${seen.id}`;
    if (fact.path !== this.#follower.address.path)
      return `what is delivered was asked for: ${seen.n} is of ${fact.path}`;
    const wrong = this.#unauthorised(fact, seen) ?? this.#unreported(fact, seen);
    if (wrong !== null) return wrong;
    if (fact.mode === "volatile") return this.#volatile(fact, seen);
    if (fact.mode === "latest") this.#values.set(seen.type, seen.key, seen.n);
    // A current value says nothing of a position.
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

  #volatile(fact: Fact, { n, id, sentAt }: Noted<"event">): string | null {
    if (id !== null) return `volatile events have no id: ${n} came with ${id}`;
    // A loop may read it long after it came.
    const age = this.#follower.isLoop || this.#hasJumped ? 0 : sentAt - fact.at;
    return age <= VOLATILE + this.#grace
      ? null
      : `volatile events are owed for five seconds: ${n} was sent after ${age} ms`;
  }

  #disorder(fact: Fact): string | null {
    const last = this.#last;
    if (last === null) return null;
    const isLater = fact.tick > last.tick && fact.position.seq > last.position.seq && fact.lostTick > last.tick;
    return isLater ? null : `channels are in order: ${fact.n} came after ${last.n}`;
  }

  /**
   * What lies between the last and this one was trimmed, and a gap has said so; or a failover took it before anybody
   * saw it.
   */
  #missed(fact: Fact, now: Tick): string | null {
    for (const between of this.#reliable) {
      if (between.tick >= fact.tick || between.lostTick < now || !this.#isOwed(between)) continue;
      if (between.goneTick > now) return `acked is delivered or gapped: ${between.n} was skipped for ${fact.n}`;
      if (between.goneTick > this.#restartTick)
        return `a gap comes before anything newer: ${between.n} is gone, and ${fact.n} came without a gap`;
    }
    return null;
  }

  /**
   * What a failover has taken, and it has had, was told before anything newer; and it is given nothing that is no
   * longer there.
   */
  #unreported(fact: Fact, { id, sentAt }: Noted<"event">): string | null {
    if (this.#last !== null && this.#last.lostTick < fact.tick && fact.mode !== "volatile")
      return `a gap comes before anything newer: ${this.#last.n} was lost, and ${fact.n} came without a gap`;
    if (id !== null || fact.mode !== "latest" || fact.lostTick === Infinity) return null;
    this.#voided = this.#truth.breaks.find(({ tick }) => tick === fact.lostTick) ?? null;
    // Of reads that are slow nobody knows when they were answered, and of a loop, when it came.
    if (this.#hasBadReads || this.#follower.isLoop || sentAt <= (this.#voided?.at ?? Infinity)) return null;
    return `the newest value counts: ${fact.n} was sent after it was lost`;
  }

  /**
   * Without our client: the values begin anew when a failover comes between them, so who has its first id later has
   * them all.
   */
  #rewhole({ sentAt }: Seen): void {
    if (this.#isPlain && !this.#hasBadReads && this.#voided !== null && this.#voided.at < sentAt)
      this.#values.wholeSince = this.#voided.tick;
    this.#voided = null;
  }

  /** The place up to which all is hidden from it. @param seen what it was told @returns 0 where that is not known */
  #hidden({ sentAt }: Seen): Tick {
    const { isLoop, program, address } = this.#follower;
    return isLoop ? 0 : this.#truth.rights.hiddenSince(program.viewer, address.path, sentAt);
  }

  /** Whether it should have had an event, by its place behind what it had last. */
  #isOwed(fact: Fact): boolean {
    if (this.#isHidden(fact)) return false;
    if (this.#had.has(fact.n) || this.#owedFrom === null || fact.tick < this.#owedFrom) return false;
    return this.#last === null || fact.tick > this.#last.tick;
  }

  #isHidden(fact: Fact | undefined): boolean {
    const { program, address } = this.#follower;
    return fact !== undefined && this.#truth.rights.hides(program.viewer, address.path, fact);
  }

  #gap(seen: Noted<"gap">): string | null {
    const { gap, tick, at } = seen;
    this.#gaps = [...this.#gaps.filter((each) => at - each < MINUTE), at];
    if (this.#gaps.length > GAPS && this.#follower.manner === "handlers" && !this.#hasJumped)
      return `no gap loop: ${this.#gaps.length} gaps within a minute`;
    const witness = gap.reason === "trimmed" ? this.#trimWitness(tick, this.#hidden(seen)) : this.#breakWitness(tick);
    const before = this.#restartTick;
    this.#restartTick = tick;
    // Our client brings what counts anew.
    this.#values.clear();
    // Where no state follows, the application gets its own now, and is owed what comes from now on.
    if (gap.reason !== "trimmed") {
      this.#last = null;
      this.#owedFrom = tick;
    }
    if (witness) return null;
    return `gaps are honest: ${gap.reason} after ${gap.after}, and nothing was lost since tick ${before}`;
  }

  /** Something of this channel that it was not given is gone, after what it had last. */
  #trimWitness(now: Tick, hidden: Tick): boolean {
    const floor = Math.max(this.#last?.tick ?? this.#floor, hidden);
    const isGone = (fact: Fact): boolean => fact.goneTick < now && fact.tick > floor;
    const { name, path } = this.#follower.address;
    return (
      this.#reliable.some((fact) => isGone(fact) && !this.#delivered.has(fact)) ||
      this.#truth.withdrawals.some((fact) => isGone(fact) && (fact.path === path || name === "feed"))
    );
  }

  #breakWitness(now: Tick): boolean {
    // Without our client: who begins in the moment of a failover may be told before the current values, and again where
    // the stream goes on.
    return this.#breaks.excuse(now) || (this.#isPlain && this.#last === null && this.#breaks.hasExcused);
  }

  #state(seen: Noted<"state">): string | null {
    const { said, tick } = seen;
    const hidden = this.#hidden(seen);
    const shown = said.find((n) => (this.#truth.find(n, null)?.tick ?? Infinity) <= hidden);
    if (shown !== undefined) return `what is hidden is never shown: ${shown} is in a state`;
    this.#hasState = true;
    this.#delivered = new Set();
    this.#had = new Set(said);
    this.#values.clear();
    this.#last = null;
    // Its position was read after it was asked for; a load that others had begun may be older when reads are slow.
    this.#floor = this.#isLate ? 0 : this.#restartTick;
    this.#restartTick = tick;
    // Rows are written before events: whatever is not in the state comes after it.
    this.#owedFrom = 0;
    return null;
  }

  #unauthorised(fact: Fact, seen: Noted<"event">): string | null {
    if (fact.tick <= this.#hidden(seen))
      return `what is hidden is never shown: ${fact.n} is of before the right was given`;
    const rights = this.#truth.rights.of(this.#follower.program.viewer, fact.path);
    const last = rights.findLast(({ tick }) => tick < seen.tick);
    if (last === undefined || last.allowed || fact.at <= last.announcedAt + this.#grace) return null;
    return `what is delivered was authorised: ${fact.n} was published after the right was taken`;
  }

  /** What has to be true of whoever has not left, now that all is quiet. */
  #atTheEnd(): string | null {
    const { address, isClosed } = this.#follower;
    if (isClosed) return null;
    const missed = this.#reliable.find(
      (fact) => this.#isOwed(fact) && fact.lostTick === Infinity && fact.goneTick > this.#restartTick,
    );
    if (missed !== undefined) return `acked is delivered or gapped: ${missed.n} never came`;
    if (this.#hasState) {
      const rows = this.#truth.rows.get(address.path) ?? new Set();
      const phantom = [...this.#delivered].find(({ n, mode }) => mode === "reliable" && !rows.has(n));
      if (phantom !== undefined) return `no phantom survives a gap: ${phantom.n} is nowhere but here`;
      const lacking = [...rows].find((n) => !this.#had.has(n) && !this.#isHidden(this.#truth.find(n, null)));
      if (lacking !== undefined) return `after a gap the state is whole: ${lacking} is not in it`;
    }
    // Who goes on from a page has no values, and without our client nobody gets them anew after a gap.
    return this.#hasPage || (this.#isPlain && this.#gaps.length > 0) ? null : this.#values.wrong();
  }
}
