import { EXPIRES } from "./contract.ts";
import type { Diary, Seen } from "./diary.ts";
import type { Break, Fact, Tick, Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** A lost doorbell costs a poll; reads that fail may cost several. */
const POLL = 1_050;
const LATE = 60_000;
/** Milliseconds after which everybody has heard that a price has expired: retention withdraws it every five seconds. */
const WITHDRAWN = EXPIRES + 7_000;
/** The gaps that a subscription may have within a minute; the last of them ends it. */
const GAPS = 3;
const MINUTE = 60_000;
/** How long the application may take to say who may read, asked when a stream opens and again for an order that came meanwhile. */
const SLOW_RIGHTS = 9_000;
/** Milliseconds that a volatile event is owed. */
const VOLATILE = 5_000;

type Told<Kind extends Seen["kind"]> = Extract<Seen, { readonly kind: Kind }>;

/**
 * What is wrong with what the handlers saw, or null. It knows what was published, what is gone and who may read; it has never
 * asked a hub, a client or a log.
 */
export function judge(world: World): string | null {
  const twice = world.truth.twice();
  // Keys are known for ten minutes by a clock that must not jump.
  if (twice !== undefined && !world.hasJumped)
    return `a key publishes once: ${twice.n} stands in the log a second time, at ${twice.place.epoch}.${twice.place.seq}`;
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
  readonly #hasJumped: boolean;
  /** Milliseconds that a value has been there, where that counts; it may or must have expired. */
  readonly #ageOf: (fact: Fact) => number;
  readonly #follower: Diary;
  /** When the bytes were written that reached this client. */
  readonly #arrivals: readonly Tick[];
  /** Whether a repetition is for it to drop. */
  readonly #isPlain: boolean;
  /** All followers of this client: its connection stands behind everything that they were given. */
  readonly #companions: readonly Diary[];
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
  #toldAt: Tick;
  /** When it was told of those of the last minute, in milliseconds since the world began. */
  #gaps: number[] = [];
  /** It was given one, ever. */
  #hasState = false;
  /** It went on from a page. */
  #hasPage = false;
  /** Breaks that it has been told of. */
  readonly #witnesses = new Set<Break>();
  /** By type and key: the newest value. */
  readonly #values = new Map<string, number>();

  constructor(world: World, follower: Diary) {
    const { truth, clock, hasJumped, hasBadReads, hasSlowStates, hasSlowRights, diaries } = world;
    this.#isLate = hasBadReads || hasSlowStates;
    this.#grace = hasBadReads ? LATE : hasSlowRights ? POLL + SLOW_RIGHTS : POLL;
    this.#isPlain = follower.manner === "plain";
    this.#hasJumped = hasJumped;
    this.#truth = truth;
    this.#ageOf = ({ type, at }) => (type === "price" ? clock.time - at : 0);
    this.#follower = follower;
    this.#arrivals = follower.program.arrivals;
    this.#companions = diaries.filter(({ program }) => program === follower.program);
    this.#reliable = truth.reliableOf(follower.place.path);
    this.#toldAt = follower.begun;
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
        return null;
      case "event":
        return this.#event(seen);
      case "gap":
        return this.#gap(seen);
      case "state":
        return this.#state(seen);
      case "cleared":
        this.#values.delete(`${seen.cleared.type} ${seen.cleared.key}`);
        return null;
      case "begins":
        this.#values.clear();
        this.#owedFrom = seen.from;
        this.#hasPage = seen.from !== null;
        return null;
      case "closed":
        return seen.reason === "closed" || seen.reason === "forbidden" || seen.reason === "gap-loop"
          ? null
          : `nobody is closed for nothing: ${seen.reason}`;
    }
  }

  #event(seen: Told<"event">): string | null {
    const fact = this.#truth.find(seen.n, seen.id);
    if (this.#truth.isRolledBack(seen.n)) return `a rolled back event is seen by nobody: ${seen.n} was`;
    if (fact === undefined) return `what is delivered was published: ${seen.n} never was, at ${seen.id}`;
    if (fact.path !== this.#follower.place.path) return `what is delivered was asked for: ${seen.n} is of ${fact.path}`;
    const wrong = this.#unauthorised(fact, seen);
    if (wrong !== null) return wrong;
    if (fact.mode === "volatile") return this.#volatile(fact, seen);
    if (fact.mode === "latest") this.#values.set(`${seen.type} ${seen.key}`, seen.n);
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

  #volatile(fact: Fact, { n, id, sentAt }: Told<"event">): string | null {
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
    const isLater = fact.tick > last.tick && fact.place.seq > last.place.seq && fact.lostTick > last.tick;
    return isLater ? null : `channels are in order: ${fact.n} came after ${last.n}`;
  }

  /** What lies between the last and this one was trimmed, and a gap has said so; or a failover took it before anybody saw it. */
  #missed(fact: Fact, now: Tick): string | null {
    for (const between of this.#reliable) {
      if (between.tick >= fact.tick || between.lostTick < now || !this.#isOwed(between)) continue;
      if (between.goneTick > now) return `acked is delivered or gapped: ${between.n} was skipped for ${fact.n}`;
      if (between.goneTick > this.#toldAt)
        return `a hole is told of before anything newer: ${between.n} is gone, and ${fact.n} came without a gap`;
    }
    return null;
  }

  /** Whether it should have had an event, by its place behind what it had last. */
  #isOwed(fact: Fact): boolean {
    if (this.#had.has(fact.n) || this.#owedFrom === null || fact.tick < this.#owedFrom) return false;
    return this.#last === null || fact.tick > this.#last.tick;
  }

  #gap({ gap, tick, at }: Told<"gap">): string | null {
    this.#gaps = [...this.#gaps.filter((each) => at - each < MINUTE), at];
    if (this.#gaps.length > GAPS && this.#follower.manner === "handlers" && !this.#hasJumped)
      return `no gap loop: ${this.#gaps.length} gaps within a minute`;
    const witness = gap.reason === "trimmed" ? this.#trimWitness(tick) : this.#breakWitness(tick);
    const before = this.#toldAt;
    this.#toldAt = tick;
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
  #trimWitness(now: Tick): boolean {
    const floor = this.#last?.tick ?? this.#floor;
    const isGone = (fact: Fact): boolean => fact.goneTick < now && fact.tick > floor;
    const { name, path } = this.#follower.place;
    return (
      this.#reliable.some((fact) => isGone(fact) && !this.#delivered.has(fact)) ||
      this.#truth.withdrawals.some((fact) => isGone(fact) && (fact.path === path || name === "feed"))
    );
  }

  /** The log was replaced, or has lost something that this client's connection had passed. */
  #breakWitness(now: Tick): boolean {
    // A gap may arrive, and a loop may come to it, after the next break, and a newcomer is put on a connection that may have stood
    // before an older one: so each break excuses one gap, whenever it was.
    const witness = this.#truth.breaks.find(
      (broken) => broken.tick < now && !this.#witnesses.has(broken) && this.#sawBeyond(broken),
    );
    if (witness !== undefined) this.#witnesses.add(witness);
    return witness !== undefined;
  }

  #sawBeyond({ tick, kind, connected }: Break): boolean {
    if (kind === "reset" || this.#clientSaw(({ lostTick }) => lostTick === tick)) return true;
    const lost = this.#truth.facts.filter(({ lostTick }) => lostTick === tick);
    // A read that answers late may bring a position from before.
    if (connected.has(this.#follower.program) || this.#isLate) return lost.length > 0;
    const stood = Math.max(0, ...this.#arrivals.filter((stamp) => stamp < tick));
    return lost.some((fact) => fact.tick <= stood);
  }

  #clientSaw(isMeant: (fact: Fact) => boolean): boolean {
    const facts = this.#companions.flatMap(({ seen }) =>
      seen.flatMap((each) => (each.kind === "event" ? (this.#truth.find(each.n, each.id) ?? []) : [])),
    );
    return facts.some(isMeant);
  }

  #state({ said, tick }: Told<"state">): string | null {
    this.#hasState = true;
    this.#delivered = new Set();
    this.#had = new Set(said);
    this.#values.clear();
    this.#last = null;
    // Its position was read after it was asked for; a load that others had begun may be older when reads are slow.
    this.#floor = this.#isLate ? 0 : this.#toldAt;
    this.#toldAt = tick;
    // Rows are written before events: whatever is not in the state comes after it.
    this.#owedFrom = 0;
    return null;
  }

  #unauthorised(fact: Fact, seen: Told<"event">): string | null {
    const rights = this.#truth.rights.get(`${this.#follower.program.viewer} ${fact.path}`) ?? [];
    const last = rights.findLast(({ tick }) => tick < seen.tick);
    if (last === undefined || last.allowed || fact.at <= last.toldAt + this.#grace) return null;
    return `what is delivered was authorised: ${fact.n} was published after the right was taken`;
  }

  /** What has to be true of whoever has not left, now that all is quiet. */
  #atTheEnd(): string | null {
    const { place, isClosed } = this.#follower;
    if (isClosed) return null;
    const missed = this.#reliable.find(
      (fact) => this.#isOwed(fact) && fact.lostTick === Infinity && fact.goneTick > this.#toldAt,
    );
    if (missed !== undefined) return `acked is delivered or gapped: ${missed.n} never came`;
    if (this.#hasState) {
      const rows = this.#truth.rows.get(place.path) ?? new Set();
      const phantom = [...this.#delivered].find(({ n, mode }) => mode === "reliable" && !rows.has(n));
      if (phantom !== undefined) return `no phantom survives a gap: ${phantom.n} is nowhere but here`;
      const lacking = [...rows].find((n) => !this.#had.has(n));
      if (lacking !== undefined) return `after a gap the state is whole: ${lacking} is not in it`;
    }
    // Who goes on from a page has no values, and without our client nobody gets them anew after a gap.
    return this.#hasPage || (this.#isPlain && this.#gaps.length > 0) ? null : this.#wrongValue();
  }

  #supersedes(lost: Fact, key: string, fact: Fact | undefined): boolean {
    return (
      lost.mode === "latest" &&
      lost.path === this.#follower.place.path &&
      `${lost.type} ${lost.key}` === key &&
      lost.tick > (fact?.tick ?? 0)
    );
  }

  /** The newest value of each key is what the last who has published it said, unless it is withdrawn or has expired. */
  #wrongValue(): string | null {
    const newest = new Map<string, Fact>();
    for (const fact of this.#truth.facts)
      if (fact.mode === "latest" && fact.path === this.#follower.place.path && fact.lostTick === Infinity)
        newest.set(`${fact.type} ${fact.key}`, fact);
    for (const key of new Set([...newest.keys(), ...this.#values.keys()])) {
      const fact = newest.get(key);
      const age = fact === undefined ? 0 : this.#ageOf(fact);
      // Between its expiry and the next trim a value may be there or not.
      if (age > 0 && (this.#hasJumped || (age >= EXPIRES && age < WITHDRAWN))) continue;
      // Who passed over a value because of a newer one, which a failover took before it was seen, has neither: docs/reliability.md.
      if (this.#truth.facts.some((lost) => lost.lostTick < Infinity && this.#supersedes(lost, key, fact))) continue;
      const isNone = fact === undefined || fact.n < 0 || age >= WITHDRAWN;
      // A loop is not told of withdrawals.
      if (isNone && this.#follower.isLoop) continue;
      const [value, expected] = [this.#values.get(key), isNone ? undefined : fact.n];
      if (value !== expected)
        return `the newest value counts: ${value ?? "none"} for ${key}, and it should be ${expected ?? "none"}`;
    }
    return null;
  }
}
