import type { Diary } from "./diary.ts";
import type { Break, Fact, Tick, Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** The ends of epochs that a follower has to be told of. */
export class Breaks {
  readonly #truth: Truth;
  readonly #follower: Diary;
  /** All followers of this client: its connection stands behind everything that they were given. */
  readonly #companions: readonly Diary[];
  /** Answers may bring a position from before: reads of the log or of the state were slow. */
  readonly #isLate: boolean;
  readonly #used = new Set<Break>();

  constructor({ truth, diaries, hasBadReads, hasSlowStates }: World, follower: Diary) {
    this.#truth = truth;
    this.#follower = follower;
    this.#companions = diaries.filter(({ program }) => program === follower.program);
    this.#isLate = hasBadReads || hasSlowStates;
  }

  get hasExcused(): boolean {
    return this.#used.size > 0;
  }

  /**
   * Whether the log was replaced, or has lost something that this client's connection had passed; each time for one
   * gap.
   */
  excuse(now: Tick): boolean {
    // A gap may arrive, and a loop may come to it, after the next break, and a newcomer is put on a connection that may
    // have stood before an older one: so each break excuses one gap, whenever it was.
    const witness = this.#truth.breaks.find(
      (broken) => broken.tick < now && !this.#used.has(broken) && this.#sawBeyond(broken),
    );
    if (witness !== undefined) this.#used.add(witness);
    return witness !== undefined;
  }

  #sawBeyond({ tick, kind, connected }: Break): boolean {
    if (kind === "reset" || this.#clientSaw(({ lostTick }) => lostTick === tick)) return true;
    const lost = this.#truth.facts.filter(({ lostTick }) => lostTick === tick);
    const { program } = this.#follower;
    // A read that answers late may bring a position from before.
    if (connected.has(program) || this.#isLate) return lost.length > 0;
    const stood = Math.max(0, ...program.arrivals.filter((stamp) => stamp < tick));
    return lost.some((fact) => fact.tick <= stood);
  }

  #clientSaw(isMeant: (fact: Fact) => boolean): boolean {
    const facts = this.#companions.flatMap(({ seen }) =>
      seen.flatMap((each) => (each.kind === "event" ? (this.#truth.find(each.n, each.id) ?? []) : [])),
    );
    return facts.some(isMeant);
  }
}
