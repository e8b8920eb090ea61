import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const COLUMNS = 120;
const LINES = 300;
const root = join(import.meta.dirname, "..");

const { stdout } = await execa({ cwd: root })`git ls-files --cached --others --exclude-standard --deduplicate`;
// Somebody may have deleted a file, and not committed that yet.
const files = stdout.split("\n").filter((file) => existsSync(join(root, file)));

test("no line of a text or a source is longer than 120 columns", () => {
  const written = files.filter((file) => !/\.(png|svg)$|(^|\/)pnpm-lock\.yaml$/.test(file));
  expect(written.length).toBeGreaterThan(500);
  const long = written.flatMap((file) =>
    linesOf(file).flatMap((line, index) => (isTooLong(file, line) ? [`${file}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

// docs/decisions/size.md says why these files are longer.
test("no source is longer than 300 lines, except for two", () => {
  const sources = files.filter((file) => /\.(ts|tsx|mjs|html|css|py)$/.test(file) && !/\.test(-d)?\.tsx?$/.test(file));
  expect(sources.length).toBeGreaterThan(500);
  // The last line ends with a line break.
  const long = sources.filter((file) => linesOf(file).length > LINES + 1);
  expect(long).toEqual(["apps/chat-web/index.html", "e2e/wire/python-server.py"]);
});

function linesOf(file: string): string[] {
  return readFileSync(join(root, file), "utf8").split("\n");
}

/** Neither a row of a table in Markdown nor a message of the compiler that a test compares can be broken. */
function isTooLong(file: string, line: string): boolean {
  const isRow = file.endsWith(".md") && line.trimStart().startsWith("|");
  const isMessage = line.startsWith("// error: ");
  return Array.from(line).length > COLUMNS && !isRow && !isMessage;
}
