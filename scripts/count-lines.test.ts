import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../e2e/temporary-folder.ts";
import { countLines, countPackages } from "./count-lines.ts";

test("lines of code are neither blank nor only a comment", () => {
  const source = ["/**", " * What it is.", " */", "const a = 1; // one", "", "// why", "/* b */ b();", "/* short */"];
  expect(countLines(source.join("\n"))).toBe(2);
});

test("a folder without a manifest is no package: a branch of another time has left it behind", async () => {
  const folder = await temporaryFolder();
  for (const each of ["gone/node_modules", "log/src"]) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, "log/package.json"), "{}");
  writeFileSync(join(folder, "log/src/a.ts"), "a();\n");
  writeFileSync(join(folder, "log/src/a.test.ts"), "b();\n");
  expect(countPackages(folder)).toEqual({ "lines of log": 1 });
});
