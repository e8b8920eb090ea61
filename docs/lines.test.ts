import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const COLUMNS = 120;
const root = join(import.meta.dirname, "..");

test("no line of a text or a source is longer than 120 columns", async () => {
  const { stdout } = await execa({ cwd: root })`git ls-files --cached --others --exclude-standard --deduplicate`;
  // Somebody may have deleted a file, and not committed that yet.
  const files = stdout.split("\n").filter((file) => existsSync(join(root, file)));
  const written = files.filter((file) => !/\.(png|svg)$|(^|\/)pnpm-lock\.yaml$/.test(file));
  expect(written.length).toBeGreaterThan(500);
  const long = written.flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (isTooLong(file, line) ? [`${file}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});

/** Neither a row of a table in Markdown nor a message of the compiler that a test compares can be broken. */
function isTooLong(file: string, line: string): boolean {
  const isRow = file.endsWith(".md") && line.trimStart().startsWith("|");
  const isMessage = line.startsWith("// error: ");
  return Array.from(line).length > COLUMNS && !isRow && !isMessage;
}
