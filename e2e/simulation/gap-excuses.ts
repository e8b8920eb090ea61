import type { Diary } from "./diary.ts";
import type { EpochEnd } from "./epoch-end.ts";
import type { Fact, Tick } from "./fact.ts";
import type { Truth } from "./truth.ts";

interface ExcuseWorld {
  readonly truth: Truth;
  readonly diaries: readonly Diary[];
  readonly hasBadReads: boolean;
  readonly hasSlowStates: boolean;
}

/** The ends of epochs for which a follower may get a gap. */
export class GapExcuses {
  readonly #truth: Truth;
  readonly #follower: Diary;
  /** All followers of this client. The position of its connection is behind everything that they have got. */
  readonly #companions: readonly Diary[];
  /** Answers may bring an older position: reads of the log or of the state were slow. */
  readonly #isLate: boolean;
  readonly #used = new Set<EpochEnd>();

  constructor({ truth, diaries, hasBadReads, hasSlowStates }: ExcuseWorld, follower: Diary) {
    this.#truth = truth;
    this.#follower = follower;
    this.#companions = diaries.filter(({ program }) => program === follower.program);
    this.#isLate = hasBadReads || hasSlowStates;
  }

  /**
   * Whether the log was replaced, or has lost something that this client's connection had passed. Each end of an epoch
   * is an excuse for one gap.
   * @param isBeginning whether the follower has got no event with an id
   */
  excuse(now: Tick, isBeginning: boolean): boolean {
    // A gap may arrive after the next end of an epoch, and a loop may read it even later. A new follower may join a
    // connection whose position is before an older end. So it does not matter when the epoch ended.
    const witness = this.#truth.epochEnds.find(
      (end) => end.tick < now && !this.#used.has(end) && this.#hasLostByClient(end),
    );
    if (witness !== undefined) this.#used.add(witness);
    // Without our client: a follower that begins during a failover may get a gap before the current values, and another
    // one where the stream goes on.
    return witness !== undefined || (isBeginning && this.#follower.manner === "plain" && this.#used.size > 0);
  }

  #hasLostByClient({ tick, kind, connected }: EpochEnd): boolean {
    if (kind === "reset" || this.#hasClientSeen(({ lostTick }) => lostTick === tick)) return true;
    const lost = this.#truth.facts.filter(({ lostTick }) => lostTick === tick);
    const { program } = this.#follower;
    // A read that answers late may bring an older position.
    if (connected.has(program) || this.#isLate) return lost.length > 0;
    const lastArrival = Math.max(0, ...program.arrivals.filter((stamp) => stamp < tick));
    return lost.some((fact) => fact.tick <= lastArrival);
  }

  #hasClientSeen(isMeant: (fact: Fact) => boolean): boolean {
    const facts = this.#companions.flatMap(({ seen }) =>
      seen.flatMap((each) => (each.kind === "event" ? (this.#truth.find(each.n, each.id) ?? []) : [])),
    );
    return facts.some(isMeant);
  }
}
