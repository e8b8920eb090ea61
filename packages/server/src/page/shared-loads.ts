import { untilGone } from "../request/until-gone.ts";

/** A load that is under way, or waits for its turn. */
interface SharedLoad<Result> {
  readonly result: Promise<Result>;
  /** How many requests wait for the result. */
  readonly waiting: Set<AbortSignal>;
}

/**
 * Loads that several requests wait for, each by the name of what it loads. A load that nobody waits for goes on, so
 * that a client that loses its patience and asks again gets it. Only one that has not begun can be left out.
 */
export class SharedLoads<Result> {
  readonly #underWay = new Map<string, SharedLoad<Result>>();

  /**
   * Joins the load of this name, or begins it.
   *
   * @param gone aborted when this request no longer waits
   * @param load gets a function that says whether anybody waits
   * @throws Refusal when `gone` is aborted, and what `load` throws
   */
  async join(name: string, gone: AbortSignal, load: (isWanted: () => boolean) => Promise<Result>): Promise<Result> {
    const shared = this.#underWay.get(name) ?? this.#begin(name, load);
    shared.waiting.add(gone);
    try {
      return await untilGone(gone, shared.result);
    } finally {
      shared.waiting.delete(gone);
    }
  }

  #begin(name: string, load: (isWanted: () => boolean) => Promise<Result>): SharedLoad<Result> {
    const waiting = new Set<AbortSignal>();
    const shared = { result: load(() => waiting.size > 0), waiting };
    this.#underWay.set(name, shared);
    // A request that comes after the load has ended needs a newer state.
    const forget = (): void => void this.#underWay.delete(name);
    shared.result.then(forget, forget);
    return shared;
  }
}
