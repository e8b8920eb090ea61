// Every npm script starts here: `node scripts/run.mjs <task> [arguments]`. Needs Node and npm, nothing else; no shell.
// Old Nodes read this file too, as far as their sentence below: no syntax in it that is newer than Node 14.
import { readFileSync } from "node:fs";

const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
const wanted = String((/"node": ">=(\d+\.\d+)"/.exec(manifest) || [])[1]);
const found = process.versions.node;

if (found.localeCompare(wanted, "en", { numeric: true }) < 0) {
  console.error(`Tidings needs Node ${wanted} or newer, and this is Node ${found}.`);
  process.exitCode = 1;
} else {
  void import("./tasks.mjs").then(({ runTask }) => runTask(process.argv[2], process.argv.slice(3)));
}
