import type { Diary, Seen } from "./diary.ts";
import type { Fact, Tick } from "./fact.ts";
import type { Truth } from "./truth.ts";

/** What one follower may read. */
export class FollowerRights {
  readonly #truth: Truth;
  readonly #follower: Diary;
  /** Milliseconds in which a hub may not have read yet that a right was taken. */
  readonly #grace: number;

  constructor({ truth, grace }: { readonly truth: Truth; readonly grace: number }, follower: Diary) {
    this.#truth = truth;
    this.#follower = follower;
    this.#grace = grace;
  }

  /** The tick up to which everything is hidden from it. @returns 0 where that is not known */
  hiddenUpTo({ sentAt }: Seen): Tick {
    const { isLoop, program, address } = this.#follower;
    return isLoop ? 0 : this.#truth.rights.hiddenSince(program.viewer, address.path, sentAt, this.#grace);
  }

  hides(fact: Fact): boolean {
    const { program, address } = this.#follower;
    return this.#truth.rights.hides(program.viewer, address.path, fact);
  }

  /** Says why it must not have seen an event, or null. */
  violation(fact: Fact, seen: Seen): string | null {
    if (fact.tick <= this.hiddenUpTo(seen)) return `what is hidden is never shown: ${fact.n} is older than the right`;
    const rights = this.#truth.rights.of(this.#follower.program.viewer, fact.path);
    const last = rights.findLast(({ tick }) => tick < seen.tick);
    if (last === undefined || last.allowed || fact.at <= last.announcedAt + this.#grace) return null;
    return `what is delivered was authorised: ${fact.n} was published after the right was taken`;
  }
}
