import { join } from "node:path";
import { binary, runNode } from "./child.mjs";
import { root } from "./workspace.mjs";

/**
 * `npm run simulate`: a million schedules; `-- --quick` for 20,000 and the mutants, `-- --seed N` for one.
 * @param {string[]} simulationArguments
 */
export const simulate = (simulationArguments) =>
  runNode(binary("tsx"), [
    "--conditions=@tidings/source",
    join(root, "e2e/simulation/main.ts"),
    ...simulationArguments,
  ]);
