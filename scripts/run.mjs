// Every npm script of the root starts here: `node scripts/run.mjs <command> [arguments]` brings node_modules up to
// date, then runs a command of it. It needs Node and npm, nothing else.
// An old Node reads this file as far as its error message: no syntax here that is newer than Node 14.
import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import "./end-with-npm.mjs";

const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
const oldest = String((/"node": ">=([\d.]+)"/.exec(manifest) || [])[1]);
const found = process.versions.node;

if (found.localeCompare(oldest, "en", { numeric: true }) < 0) {
  console.error(`Expected Node ${oldest} or newer, got Node ${found}; install a newer one.`);
  process.exit(1);
}
process.exitCode = await run(process.argv[2], process.argv.slice(3));

/** Resolves with the exit code of the command. A signal that ends this process ends the command, too. */
async function run(command = "", commandArguments = [""]) {
  // What npm sets for its scripts would configure the tools: they get the environment of a terminal.
  for (const name of Object.keys(process.env)) if (name.startsWith("npm_")) delete process.env[name];
  process.env.PATH = fileURLToPath(new URL("../node_modules/.bin", import.meta.url)) + delimiter + process.env.PATH;
  process.env.TURBO_TELEMETRY_DISABLED = "1";

  const { setUp } = await import("./set-up.mjs");
  if (!(await setUp())) return 1;
  // A dependency: it is here only after the set-up.
  const { execa } = await import("execa");
  const { exitCode, shortMessage } = await execa(command, commandArguments, { stdio: "inherit", reject: false });
  if (exitCode === undefined) console.error(shortMessage);
  return exitCode ?? 1;
}
