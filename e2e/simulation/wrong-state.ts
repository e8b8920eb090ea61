import type { Fact } from "./fact.ts";
import type { FollowerRights } from "./follower-rights.ts";
import type { Truth } from "./truth.ts";

interface StateNeeds {
  readonly truth: Pick<Truth, "find" | "rows">;
  readonly path: string;
  readonly rights: Pick<FollowerRights, "hides">;
}

/**
 * Compares what a follower has with the rows of the application.
 * @param delivered the events that came after its state
 * @param had the numbers of these events, and those in the state
 * @returns what is wrong; null if nothing is
 */
export function wrongState(
  { truth, path, rights }: StateNeeds,
  delivered: ReadonlySet<Fact>,
  had: ReadonlySet<number>,
): string | null {
  const rows = truth.rows.get(path) ?? new Set();
  const phantom = [...delivered].find(({ n, mode }) => mode === "reliable" && !rows.has(n));
  if (phantom !== undefined) return `no phantom survives a gap: only the follower has ${phantom.n}`;
  const lacking = [...rows].find((n) => {
    const fact = truth.find(n, null);
    return !had.has(n) && (fact === undefined || !rights.hides(fact));
  });
  return lacking === undefined ? null : `after a gap the state is whole: ${lacking} is not in it`;
}
