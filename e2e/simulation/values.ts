import { EXPIRES } from "./contract.ts";
import type { Diary } from "./diary.ts";
import type { Fact, Tick } from "./fact.ts";
import type { Truth } from "./truth.ts";

interface ValuesWorld {
  readonly truth: Truth;
  readonly clock: { now(): number };
  readonly hasJumped: boolean;
}

/** Milliseconds after which every follower has got the withdrawal of an expired price: hubs trim every five seconds. */
const WITHDRAWN = EXPIRES + 7_000;

/** The newest value of each type and key that a follower has got. */
export class Values {
  readonly #world: ValuesWorld;
  readonly #follower: Diary;
  readonly #values = new Map<string, number>();

  /** The last failover since which the follower has got all of them. */
  wholeSince: Tick = 0;

  constructor(world: ValuesWorld, follower: Diary) {
    this.#world = world;
    this.#follower = follower;
  }

  set(type: string, key: string, n: number): void {
    this.#values.set(`${type} ${key}`, n);
  }

  delete(type: string, key: string): void {
    this.#values.delete(`${type} ${key}`);
  }

  clear(): void {
    this.#values.clear();
    this.wholeSince = 0;
  }

  /** The newest value of each key is the last that was published, unless it is withdrawn or has expired. */
  wrong(): string | null {
    const { truth, clock, hasJumped } = this.#world;
    const { isLoop, address, program } = this.#follower;
    const newest = new Map<string, Fact>();
    for (const fact of truth.facts) {
      if (fact.mode === "latest" && fact.path === address.path && fact.lostTick === Infinity) {
        newest.set(`${fact.type} ${fact.key}`, fact);
      }
    }
    for (const key of new Set([...newest.keys(), ...this.#values.keys()])) {
      const fact = newest.get(key);
      // Whether a follower that began anew has a hidden value is not promised.
      if (fact !== undefined && truth.rights.hides(program.viewer, address.path, fact)) continue;
      const age = fact?.type === "price" ? clock.now() - fact.wall : 0;
      // Between its expiry and the next trim a value may be there or not.
      if (age !== 0 && (hasJumped || (age >= EXPIRES && age < WITHDRAWN))) continue;
      // A follower may have skipped a value because of a newer one that a failover then took. It has neither of the
      // two: see docs/reliability.md. A follower that saw the only value of a key before it was lost may still have it.
      const since = fact === undefined ? 0 : this.wholeSince;
      const isExcuse = ({ lostTick }: Fact): boolean => lostTick < Infinity && lostTick > since;
      if (truth.facts.some((lost) => isExcuse(lost) && this.#supersedes(lost, key, fact))) continue;
      const isNone = fact === undefined || fact.n < 0 || age >= WITHDRAWN;
      // A loop gets no withdrawals.
      if (isNone && isLoop) continue;
      const [value, expected] = [this.#values.get(key), isNone ? undefined : fact.n];
      if (value !== expected) {
        return `the newest value counts: ${value ?? "none"} for ${key}, and it should be ${expected ?? "none"}`;
      }
    }
    return null;
  }

  #supersedes(lost: Fact, key: string, fact: Fact | undefined): boolean {
    return (
      lost.mode === "latest" &&
      lost.path === this.#follower.address.path &&
      `${lost.type} ${lost.key}` === key &&
      lost.tick > (fact?.tick ?? 0)
    );
  }
}
