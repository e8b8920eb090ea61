import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countLines } from "./line-count.mjs";
import { withResults } from "./long.mjs";
import { countReport, formatCounts, sumCounts } from "./test.mjs";
import { publishedFolders, readManifest, root, workspaceFolders } from "./workspace.mjs";

/** Whether a folder has TypeScript of its own. */
const hasTypeScript = (folder: string): boolean =>
  readdirSync(folder, { withFileTypes: true }).some((entry) => {
    if (entry.isFile()) return /\.tsx?$/.test(entry.name);
    return (
      entry.isDirectory() && !["node_modules", "dist"].includes(entry.name) && hasTypeScript(join(folder, entry.name))
    );
  });

test("every folder with TypeScript has a types script, so that no type error goes unseen", () => {
  const unchecked = workspaceFolders().filter(
    (folder) => hasTypeScript(join(root, folder)) && readManifest(join(root, folder)).scripts?.types === undefined,
  );
  expect(unchecked).toEqual([]);
});

test("the published packages are the folders of packages/, with one version", () => {
  expect(publishedFolders()).toEqual(workspaceFolders().filter((folder) => folder.startsWith("packages/")));
  expect(new Set(publishedFolders().map((folder) => readManifest(join(root, folder)).version)).size).toBe(1);
});

test("a published package offers its sources to the workspace and not to users", () => {
  for (const folder of publishedFolders()) {
    const { exports, publishConfig } = readManifest(join(root, folder));
    expect(Object.keys(publishConfig?.exports ?? {}), folder).toEqual(Object.keys(exports ?? {}));
    expect(JSON.stringify(exports), folder).toContain("@tidings/source");
    expect(JSON.stringify(publishConfig), folder).not.toContain("@tidings/source");
  }
});

test("lines of code are those that are neither blank nor only comment", () => {
  const source = ["/**", " * What it is.", " */", "const a = 1; // one", "", "// why", "/* short */", "const b = 2;"];
  expect(countLines(source.join("\n"))).toBe(2);
});

test("a test file that does not load counts as a failed test", () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 0,
    testResults: [
      { status: "passed", assertionResults: [{}] },
      { status: "failed", assertionResults: [{}] },
      { status: "failed", assertionResults: [] },
    ],
  };
  expect(formatCounts(countReport(report))).toBe("3 passed, 2 failed, 2 skipped");
});

test("the counts of several runs are added, failures too", () => {
  const counts = sumCounts([
    { passed: 3, failed: 0, skipped: 1 },
    { passed: 4, failed: 2, skipped: 0 },
  ]);
  expect(formatCounts(counts)).toBe("7 passed, 2 failed, 1 skipped");
});

test("the result of a long run takes the place of the former one of its subject", () => {
  const table = "| what | result | when |\n|---|---|---|\n| kill | kills 10 | May |\n";
  const results = [
    { subject: "storm", figures: { clients: 5 } },
    { subject: "kill", figures: { kills: 20, worst: "9 ms" } },
  ];
  expect(withResults(table, results, "June")).toBe(
    "| what | result | when |\n|---|---|---|\n| kill | kills 20, worst 9 ms | June |\n| storm | clients 5 | June |\n",
  );
});
