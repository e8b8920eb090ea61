import type { CandidateName } from "./candidates.ts";
import type { Measure } from "./measure.ts";
import type { Effort, Sample } from "./results.ts";
import { Stage } from "./stage.ts";

/** A measure of servers, each with its clients. */
export interface Served extends Omit<Measure, "program" | "contestants" | "start"> {
  /** Those that are measured only if there is time come last. */
  readonly servers: Readonly<Record<Effort, readonly CandidateName[]>>;
  /** Before the first sample of a process. */
  readonly prepare: (stage: Stage, effort: Effort) => Promise<void>;
  readonly sample: (stage: Stage, effort: Effort) => Promise<Sample>;
}

export function served({ servers, prepare, sample, ...more }: Served): Measure {
  return {
    ...more,
    program: "server",
    contestants: servers,
    async start(contestant, loader, effort) {
      const stage = await Stage.open(contestant, loader);
      await prepare(stage, effort);
      return { sample: () => sample(stage, effort), close: () => stage.close() };
    },
  };
}
