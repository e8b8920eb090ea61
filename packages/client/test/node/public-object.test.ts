import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

// The object that createClient returns is checked against the interface that users see. A cast would hide all of these.

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let original: string;

beforeAll(async () => {
  // Below the package, so that its imports resolve.
  folder = await mkdtemp(join(packageFolder, "node_modules", "checked-"));
  await cp(join(packageFolder, "src"), join(folder, "src"), {
    recursive: true,
    filter: (path) => !/\.test(-d)?\.ts$/.test(path),
  });
  const config = { extends: "../../tsconfig.json", include: ["src"], exclude: [] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  original = await readFile(join(folder, "src/create-client.ts"), "utf8");
});
afterAll(() => rm(folder, { recursive: true }));

/** What the compiler says about another text of createClient. */
async function compile(text: string): Promise<string> {
  await writeFile(join(folder, "src/create-client.ts"), text);
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
  return stdout;
}

test("createClient compiles as it is", async () => {
  expect(await compile(original)).toBe("");
});

// Each expression finds a member of the returned object by its name, however it is written.
test.each([
  ["renaming history", /\bhistory(?=[<(:])/, "past"],
  ["swapping subscribe's arguments", /\bsubscribe\((\w+), (\w+)/, "subscribe($2, $1"],
  ["deleting close", /^ *close\b.*,$/m, ""],
])("%s does not compile", async (_, member, other) => {
  const changed = original.replace(member, other);
  expect(changed).not.toBe(original);
  expect(await compile(changed)).toMatch(/create-client\.ts\(\d+,\d+\): error/);
});
