import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryPath } from "./temporary-folder.ts";

/** Runs cluster-program.ts. Returns what the hub of each worker has logged. */
async function recordsOfWorkers(...paths: readonly string[]): Promise<unknown[]> {
  const program = join(import.meta.dirname, "cluster-program.ts");
  const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, program, ...paths], {
    cwd: import.meta.dirname,
  });
  const lines = stdout.trimEnd().split("\n");
  return lines.map((line): unknown => JSON.parse(line));
}

test("each worker of node:cluster on a memory log logs that readers miss events, and how to fix it", async () => {
  const warning = expect.objectContaining({
    level: "warn",
    event: "memory-log",
    detail:
      "This process is one of several (a worker of node:cluster): each process has a memoryLog of its own, and its " +
      "readers miss the events of the others. Use a log that they share, or one process.",
  });
  expect(await recordsOfWorkers()).toEqual([[warning], [warning]]);
}, 60_000);

test("workers of node:cluster that share a SQLite log have nothing to log", async () => {
  expect(await recordsOfWorkers(await temporaryPath())).toEqual([[], []]);
}, 60_000);
