// `npm run sizes` prints how large the packages are beside the recorded sizes, and fails as size-limits.ts says.
// `npm run sizes -- --record` records them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, gzipped } from "../packages/client/test/node/bundle.ts";
import { countPackages } from "./count-lines.ts";
import { findFaults, record, type Sizes } from "./size-limits.ts";

const SCRIPTS = "lines of all files in scripts, with tests, comments and blank lines";
const CLIENT = "bytes of the client without zod, gzipped";
const TABS = "bytes of the client with tabs, without zod, gzipped";
const REACT = "bytes of the hooks for React beside the client, gzipped";
const CHAT = "bytes of a chat contract, the client and zod/mini, gzipped";
/** Limits that hold whatever sizes are recorded. */
const CEILINGS = { [SCRIPTS]: 500, [CLIENT]: 17_730, [TABS]: 22_710, [REACT]: 2_000, [CHAT]: 23_700 };
const ALONE = `export { createClient } from "@tidings/client";`;
const ZOD = ["zod", "zod/*"];

const root = join(import.meta.dirname, "..");
const file = join(root, "docs", "sizes.json");
const scripts = readdirSync(import.meta.dirname).map((each) => readFileSync(join(import.meta.dirname, each), "utf8"));

const measured: Sizes = {
  ...countPackages(join(root, "packages")),
  [SCRIPTS]: scripts.join("").split("\n").length - 1,
  [CLIENT]: gzipped(await bundle(ALONE, ZOD)),
  [TABS]: gzipped(await bundle(`${ALONE} export * from "@tidings/client/tabs";`, ZOD)),
  [REACT]: gzipped(await bundle(`export { createHooks } from "../../../react/src/index.ts";`, ["react", "@tidings/*"])),
  [CHAT]: gzipped(await bundle(`export { client } from "./chat.ts";`)),
};
// `record` alone writes the file.
const recorded = JSON.parse(readFileSync(file, "utf8")) as Sizes;
for (const [name, size] of Object.entries(measured)) {
  console.log(`${String(size).padStart(6)}  ${name}; recorded: ${recorded[name] ?? "nothing"}`);
}
const isRecording = process.argv.includes("--record");
const faults = isRecording ? record(file, measured, CEILINGS) : findFaults(measured, recorded, CEILINGS);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
