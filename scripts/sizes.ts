// `npm run sizes` prints how large the packages are beside the recorded sizes, and fails as size-limits.ts says.
// `npm run sizes -- --record` records them.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, gzipped } from "../packages/client/test/node/bundle.ts";
import { countLines, findFaults, type Sizes } from "./size-limits.ts";

const CLIENT = "bytes of the client without zod, gzipped";
const REACT = "bytes of the hooks for React beside the client, gzipped";
const CHAT = "bytes of a chat contract, the client and zod/mini, gzipped";
/** Limits that hold whatever sizes are recorded. */
const CEILINGS = { [CLIENT]: 11_500, [REACT]: 2_000, [CHAT]: 17_500 };

const file = join(import.meta.dirname, "..", "docs", "sizes.json");
const packages = join(import.meta.dirname, "..", "packages");

/** The lines of all sources of a package, without its tests. */
function linesOf(name: string): number {
  const files = readdirSync(join(packages, name, "src"), { recursive: true, encoding: "utf8" });
  const sources = files.filter((each) => /\.tsx?$/.test(each) && !/\.test(-d)?\.tsx?$/.test(each));
  return sources.reduce((sum, each) => sum + countLines(readFileSync(join(packages, name, "src", each), "utf8")), 0);
}

const measured: Sizes = {
  ...Object.fromEntries(readdirSync(packages).map((name) => [`lines of ${name}`, linesOf(name)])),
  [CLIENT]: gzipped(await bundle(`export { createClient } from "@tidings/client";`, ["zod", "zod/*"])),
  [REACT]: gzipped(await bundle(`export { createHooks } from "../../../react/src/index.ts";`, ["react", "@tidings/*"])),
  [CHAT]: gzipped(await bundle(`export { client } from "./chat.ts";`)),
};
if (process.argv.includes("--record")) writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);

// This command alone writes the file.
const recorded = JSON.parse(readFileSync(file, "utf8")) as Sizes;
for (const [name, size] of Object.entries(measured)) {
  console.log(`${String(size).padStart(6)}  ${name}; recorded: ${recorded[name] ?? "nothing"}`);
}
const faults = findFaults(measured, recorded, CEILINGS);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
