import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Lines that are neither blank nor only a comment. */
export function countLines(source: string): number {
  const withoutComments = source.replaceAll(/^\s*(\/\*((?!\*\/)[^])*\*\/|\/\/.*)\s*$/gm, "");
  return withoutComments.split("\n").filter((line) => line.trim() !== "").length;
}

/** The lines of each package in a folder, without tests. A folder without a manifest is no package. */
export function countPackages(folder: string): Record<string, number> {
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")));
  return Object.fromEntries(names.map((name) => [`lines of ${name}`, countFolder(join(folder, name, "src"))]));
}

function countFolder(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = files.filter((each) => /\.tsx?$/.test(each) && !/\.test(-d)?\.tsx?$/.test(each));
  return sources.reduce((sum, each) => sum + countLines(readFileSync(join(folder, each), "utf8")), 0);
}
