import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { root } from "./workspace.mjs";

const SKIPPED = new Set(["node_modules", "dist", "coverage", "data"]);

/** The Markdown files of a folder and below, hidden ones aside. */
function documentsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") || SKIPPED.has(entry.name) ? [] : documentsIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

test.for(documentsIn(root).map((path) => [relative(root, path), path] as const))(
  "every link of %s that stays in the repository leads somewhere",
  ([, path]) => {
    const targets = Array.from(readFileSync(path, "utf8").matchAll(/\]\(([^)#\s]+)/g), ([, target = ""]) => target);
    const local = targets.filter((target) => !/^[a-z]+:/i.test(target));
    expect(local.filter((target) => !existsSync(join(dirname(path), target)))).toEqual([]);
  },
);
