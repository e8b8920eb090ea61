import { delivery } from "./delivery.ts";
import { edits } from "./edits.ts";
import { ends } from "./ends.ts";
import { failovers } from "./failovers.ts";
import { jobs } from "./jobs.ts";
import { leases } from "./leases.ts";
import { retention } from "./retention.ts";
import { rights } from "./rights.ts";
import { snapshots } from "./snapshots.ts";
import { sqlite } from "./sqlite.ts";
import { visits } from "./visits.ts";

/** Every story that leads to a law, by its name. */
export const scenarios = {
  ...delivery,
  ...retention,
  ...failovers,
  ...rights,
  ...snapshots,
  ...sqlite,
  ...jobs,
  ...ends,
  ...leases,
  ...edits,
  ...visits,
};

export type ScenarioName = keyof typeof scenarios;
