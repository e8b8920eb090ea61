// The size of the core: what somebody has to read to know how Tidings works.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.mjs";

const core = ["contract", "protocol", "log", "server", "client", "react"];
const limit = 3500;

/** Prints lines of code per core package, without tests, the conformance suite, comments and blank lines. */
export async function checkSize() {
  let total = 0;
  for (const name of core) {
    const folder = join(root, "packages", name, "src");
    if (!existsSync(folder)) continue;
    const lines = sourceFiles(folder).reduce((sum, file) => sum + countLines(readFileSync(file, "utf8")), 0);
    total += lines;
    console.log(`  ${name.padEnd(10)}${String(lines).padStart(6)}`);
  }
  console.log(`  ${"core".padEnd(10)}${String(total).padStart(6)} lines of at most ${limit}`);
  return total > limit ? 1 : 0;
}

/** @param {string} folder */
const sourceFiles = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test(-d)?\.tsx?$|^(conformance|mutants)\b/.test(file))
    .map((file) => join(folder, file));

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
