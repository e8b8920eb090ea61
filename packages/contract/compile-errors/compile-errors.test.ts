import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

/** The first line of every error that the compiler reports, by file and line. */
function compile(): Map<string, string> {
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  const { stdout } = spawnSync(
    process.execPath,
    [join(dirname(compiler), "bin/tsc"), "--project", folder, "--pretty", "false"],
    {
      cwd: folder,
      encoding: "utf8",
    },
  );
  return new Map(
    Array.from(stdout.matchAll(/^(\S+)\((\d+),\d+\): error \w+: (.*)$/gm), ([, file, line, text]) => [
      `${file}:${line}`,
      text ?? "",
    ]),
  );
}

/** The text after `// error: `, by file and line of the line below it. */
function expectations(file: string): Map<string, string> {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return new Map(
    lines.flatMap((line, index) =>
      line.startsWith("// error: ") ? [[`${file}:${index + 2}`, line.slice("// error: ".length)]] : [],
    ),
  );
}

test("every mistake is a compile error that says what is wrong, in the words of the user's own code", () => {
  const expected = expectations("mistakes.ts");
  const found = compile();
  expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  for (const [line, text] of expected) expect(found.get(line), line).toContain(text);
});
