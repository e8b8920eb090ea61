// What the npm scripts of the root do.
import { cleanEnvironment, endWithSignals } from "./child.mjs";
import { runGate } from "./ci.mjs";
import { build, checkTypes, format, lint } from "./checks.mjs";
import { develop } from "./dev.mjs";
import { testLong } from "./long.mjs";
import { say } from "./say.mjs";
import { takeScreenshots } from "./screenshots.mjs";
import { setUp } from "./setup.mjs";
import { simulate } from "./simulate.mjs";
import { start } from "./start.mjs";
import { test } from "./test.mjs";

/** @type {Record<string, (taskArguments: string[]) => Promise<number>>} */
const tasks = {
  start: () => start("main.js"),
  demo: () => start("demo.js"),
  test,
  "test:long": testLong,
  dev: develop,
  build,
  types: checkTypes,
  lint,
  format,
  simulate,
  screenshots: takeScreenshots,
  ci: runGate,
};

/**
 * @param {string | undefined} name
 * @param {string[]} taskArguments passed on to the tool behind the task
 */
export async function runTask(name, taskArguments) {
  const task = tasks[name ?? ""];
  if (task === undefined) {
    console.error(`There is no task "${name ?? ""}"; there are ${Object.keys(tasks).join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  endWithSignals();
  cleanEnvironment();
  try {
    await setUp();
    const code = await task(taskArguments);
    // Left alone when all is well: the server that `start` leaves running sets its own.
    if (code !== 0) process.exitCode = code;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
