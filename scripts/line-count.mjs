// The size of the core: what somebody has to read to know how Tidings works.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./workspace.mjs";

const core = ["contract", "protocol", "log", "server", "client", "react"];
const limit = 3500;

/**
 * Prints the lines of each core package that its main entry reaches: adapters, codecs and other subpaths are read by those who use
 * them. Counted are lines that run, without tests, comments, imports and type declarations, which are the core's table of contents
 * and its documentation; the second column has them, too.
 */
export async function checkSize() {
  let total = 0;
  let withTypes = 0;
  for (const name of core) {
    const entry = join(root, "packages", name, "src", "index.ts");
    if (!existsSync(entry)) continue;
    const sources = [...reachedFrom(entry).values()];
    const lines = sum(sources.map((source) => countLines(withoutDeclarations(source))));
    const allLines = sum(sources.map(countLines));
    total += lines;
    withTypes += allLines;
    console.log(
      `  ${name.padEnd(10)}${String(lines).padStart(6)}${String(allLines).padStart(8)} with types and imports`,
    );
  }
  console.log(
    `  ${"core".padEnd(10)}${String(total).padStart(6)}${String(withTypes).padStart(8)}; at most ${limit} lines of code`,
  );
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
const withoutDeclarations = (source) =>
  source
    .replace(/^(import|export (type )?\{)[^;]*;\n/gm, "")
    .replace(/^(export )?interface [^]*?^\}\n/gm, "")
    .replace(/^(export )?type [^]*?;\n(?=\n|$)/gm, "");

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
