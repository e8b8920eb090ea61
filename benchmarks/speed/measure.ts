import type { CandidateName } from "./candidates.ts";
import type { LoaderProgram } from "./loader-process.ts";
import type { Effort, Rounds, Sample } from "./results.ts";
import type { Contestant } from "./server-process.ts";
import { Stage } from "./stage.ts";

/** One row of the results: what is measured of which servers. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  /** The figure that the table shows, and those in its columns beside it. */
  readonly figure: string;
  readonly more: readonly string[];
  /** Those that are measured only if there is time come last. */
  readonly servers: Readonly<Record<Effort, readonly CandidateName[]>>;
  readonly rounds: Readonly<Record<Effort, number>>;
  /** Whether each round has new processes: a process that has had 10,000 connections is not what it was. */
  readonly isFresh: boolean;
  /** Before the first sample of a process. */
  prepare(stage: Stage, effort: Effort): Promise<void>;
  sample(stage: Stage, effort: Effort): Promise<Sample>;
}

/** Measures all servers in turn, round after round: A B C, A B C. So other work on the machine concerns all of them. */
export async function runMeasure(
  measure: Measure,
  contestants: readonly Contestant[],
  loader: LoaderProgram,
  effort: Effort,
): Promise<Rounds> {
  const samples: Record<string, Sample[]> = {};
  const stages = new Map<Contestant, Stage>();
  const stageOf = async (contestant: Contestant): Promise<Stage> => {
    const open = stages.get(contestant);
    if (open !== undefined) return open;
    const stage = await Stage.open(contestant, loader);
    stages.set(contestant, stage);
    await measure.prepare(stage, effort);
    return stage;
  };
  const close = async (contestant: Contestant): Promise<void> => {
    await stages.get(contestant)?.close();
    stages.delete(contestant);
  };
  // A process of its own is ready before the first round, so that the rounds have nothing between them.
  if (!measure.isFresh) for (const contestant of contestants) await stageOf(contestant);
  for (let round = 0; round < measure.rounds[effort]; round++) {
    for (const contestant of contestants) {
      const sample = await measure.sample(await stageOf(contestant), effort);
      (samples[contestant.label] ??= []).push(sample);
      if (measure.isFresh) await close(contestant);
    }
  }
  for (const contestant of contestants) await close(contestant);
  return samples;
}
