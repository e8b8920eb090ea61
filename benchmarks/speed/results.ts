/** How much time the benchmark has. */
export type Effort = "quick" | "full";

/** What one measurement of one server has given: a figure by its name, which has the unit. */
export type Sample = Readonly<Record<string, number>>;

/** All rounds of one measure: the samples of each server, by its label. Those of one round have the same index. */
export type Rounds = Readonly<Record<string, readonly Sample[]>>;

/** One measure with what was measured. */
export interface MeasureResult {
  readonly name: string;
  readonly title: string;
  /** The figure that counts, and others that the table shows. */
  readonly figure: string;
  readonly more: readonly string[];
  readonly rounds: Rounds;
  /** The load of the machine when it was over: processes that run or want to, over the last minute. */
  readonly load: number;
}

/** The file of results. */
export interface Results {
  readonly date: string;
  readonly machine: string;
  readonly effort: Effort;
  /** Which program the clients are. */
  readonly loader: "C" | "Node";
  readonly measures: readonly MeasureResult[];
}

/** A figure over all rounds. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** A figure of one server over all rounds. */
export function figureOf(rounds: Rounds, figure: string, label: string): Summary {
  return summaryOf((rounds[label] ?? []).map((sample) => sample[figure] ?? Number.NaN));
}

/** How a figure of one server compares with that of another: the ratio in each round, since rounds differ. */
export function ratioOf(rounds: Rounds, figure: string, label: string, reference: string): Summary {
  const references = rounds[reference] ?? [];
  const ratios = (rounds[label] ?? []).map(
    (sample, round) => (sample[figure] ?? Number.NaN) / (references[round]?.[figure] ?? Number.NaN),
  );
  return summaryOf(ratios);
}
