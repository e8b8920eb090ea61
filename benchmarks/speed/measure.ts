import type { Contestant } from "./contestant.ts";
import type { LoaderProgram } from "./loader-process.ts";
import type { Effort, Rounds, Sample } from "./results.ts";

/** One row of the results: what is measured of which contestants. */
export interface Measure {
  readonly name: string;
  readonly title: string;
  /** The figure that the table shows, and those in its columns beside it. */
  readonly figure: string;
  readonly more: readonly string[];
  /** Which program the processes run: a server, or work that needs no clients. */
  readonly program: "server" | "work";
  /** The names of the contestants, as the program knows them. */
  readonly contestants: Readonly<Record<Effort, readonly string[]>>;
  /** In which sizes each contestant is measured, if the measure shows how a cost grows. */
  readonly sizes?: Readonly<Record<Effort, readonly number[]>> & {
    /** What there is more and more of. */
    readonly unit: string;
  };
  readonly rounds: Readonly<Record<Effort, number>>;
  /** Whether each round has new processes: a process that has had 10,000 connections is not what it was. */
  readonly isFresh: boolean;
  /** Starts the processes of a contestant, and prepares them for the first sample. */
  start(contestant: Contestant, loader: LoaderProgram, effort: Effort): Promise<Station>;
}

/** The processes of one contestant. */
interface Station {
  sample(): Promise<Sample>;
  close(): Promise<void>;
}

/**
 * Measures all in turn, round after round: A B C, A B C. So other work on the machine concerns all of them.
 *
 * @param onRound a round begins. They count from 1
 */
export async function runMeasure(
  measure: Measure,
  contestants: readonly Contestant[],
  loader: LoaderProgram,
  effort: Effort,
  onRound: (round: number) => void,
): Promise<Rounds> {
  const samples: Record<string, Sample[]> = {};
  const stations = new Map<Contestant, Station>();
  const stationOf = async (contestant: Contestant): Promise<Station> => {
    const open = stations.get(contestant);
    if (open !== undefined) return open;
    const station = await measure.start(contestant, loader, effort);
    stations.set(contestant, station);
    return station;
  };
  const close = async (contestant: Contestant): Promise<void> => {
    await stations.get(contestant)?.close();
    stations.delete(contestant);
  };
  // A process of its own is ready before the first round, so that the rounds have nothing between them.
  if (!measure.isFresh) for (const contestant of contestants) await stationOf(contestant);
  for (let round = 1; round <= measure.rounds[effort]; round++) {
    onRound(round);
    for (const contestant of contestants) {
      const station = await stationOf(contestant);
      (samples[contestant.label] ??= []).push(await station.sample());
      if (measure.isFresh) await close(contestant);
    }
  }
  for (const contestant of contestants) await close(contestant);
  return samples;
}
