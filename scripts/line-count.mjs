// The size of the core: what somebody has to read to know how Tidings works.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./workspace.mjs";

const core = ["contract", "protocol", "log", "server", "client", "react"];
const limit = 3500;

/**
 * Prints the lines of each core package that its main entry reaches: adapters, codecs and other subpaths are read by those who use
 * them. Not counted are tests, comments, blank lines, and the statements that import or re-export; types are.
 */
export async function checkSize() {
  let total = 0;
  for (const name of core) {
    const entry = join(root, "packages", name, "src", "index.ts");
    if (!existsSync(entry)) continue;
    const lines = sum([...reachedFrom(entry).values()].map((source) => countLines(withoutImports(source))));
    total += lines;
    console.log(`  ${name.padEnd(10)}${String(lines).padStart(6)}`);
  }
  console.log(`  ${"core".padEnd(10)}${String(total).padStart(6)} of ${limit} lines at most`);
  return total > limit ? 1 : 0;
}

/**
 * The sources that an entry imports, directly or not, by file.
 * @param {string} file
 * @param {Map<string, string>} found
 */
function reachedFrom(file, found = new Map()) {
  if (found.has(file)) return found;
  const source = readFileSync(file, "utf8");
  found.set(file, source);
  for (const [, path] of source.matchAll(/ from "(\.[^"]+)"/g)) reachedFrom(join(dirname(file), path ?? ""), found);
  return found;
}

/** @param {string} source as the formatter leaves it */
const withoutImports = (source) => source.replace(/^(import |export (type )?\{)[^;]*;\n/gm, "");

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/**
 * Lines that are neither blank nor nothing but a comment.
 * @param {string} source
 */
export function countLines(source) {
  let count = 0;
  let inComment = false;
  for (const line of source.split("\n").map((text) => text.trim())) {
    if (line.startsWith("/*")) inComment = true;
    if (!inComment && line !== "" && !line.startsWith("//")) count++;
    if (inComment && line.includes("*/")) inComment = false;
  }
  return count;
}
