// What a user gets: every package, packed as for the registry, checked, and installed by npm in an empty folder.
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runChat } from "../e2e/chat-process.ts";
import { visit } from "../e2e/chat.ts";
import { temporaryFolder } from "../e2e/temporary-folder.ts";
import { readUntil } from "../packages/server/test/read-until.ts";

// One step asks the registry or compiles, maybe on a machine that has other things to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

type Manifest = Readonly<{ name: string; version: string; exports: object }>;
const manifests = import.meta.glob<Manifest>("../packages/*/package.json", { eager: true, import: "default" });
const packages = Object.values(manifests);
const root = join(import.meta.dirname, "..");
const run = execa({ cwd: root, preferLocal: true, localDir: root });

const folder = await mkdtemp(join(tmpdir(), "tidings-packed-"));
const tarballs = join(folder, "tarballs");
const consumer = join(folder, "consumer");
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await run`turbo run build`;
  // pnpm replaces `workspace:` and `catalog:` and applies publishConfig.
  await run`pnpm --recursive --filter=./packages/* --filter=./apps/* pack --pack-destination ${tarballs}`;
  await cp(join(root, "e2e/consumer"), consumer, { recursive: true });
  await install(consumer, /^tidings-(?!apps-)/);

  const names = packages.flatMap(({ name, exports }) => Object.keys(exports).map((key) => name + key.slice(1)));
  const entries = names.filter((name) => !name.endsWith("/package.json"));
  await writeFile(join(consumer, "every-entry.ts"), entries.map((entry) => `import "${entry}";`).join("\n"));
  // A conformance suite needs a test runner around it: it is compiled here, and runs in our own tests.
  const runnable = entries.filter((entry) => !entry.endsWith("/conformance"));
  await writeFile(join(consumer, "import.mjs"), runnable.map((entry) => `import "${entry}";`).join("\n"));
  await writeFile(join(consumer, "require.cjs"), runnable.map((entry) => `require("${entry}");`).join("\n"));
});

/** Installs the tarballs with such names as a user does: with npm, and the rest from the registry. */
async function install(cwd: string, names: RegExp): Promise<void> {
  const files = (await readdir(tarballs)).filter((file) => names.test(file)).map((file) => join(tarballs, file));
  await run({ cwd })`npm install --no-audit --no-fund --loglevel=error --prefer-offline ${files}`;
}

test.for(packages)("publint and attw accept $name", async ({ name, version }) => {
  const tarball = join(tarballs, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
  await run`publint run ${tarball} --strict`;
  await run`attw ${tarball} --profile esm-only`;
});

// The oldest and the newest that we support.
test.for(["typescript-5", "typescript-7"])("a user's project compiles with %s", async (compiler) => {
  const tsc = run({ cwd: consumer, node: true });
  await tsc`node_modules/${compiler}/bin/tsc -p .`;
  await tsc`node_modules/${compiler}/bin/tsc -p . --module esnext --moduleResolution bundler --noEmit`;
});

test.for(["import.mjs", "require.cjs", "out/consumer.js"])("a user's %s runs", async (file) => {
  await run({ cwd: consumer, node: true })`${file}`;
});

test("a CommonJS module has the types, and runs", async () => {
  const node = run({ cwd: consumer, node: true });
  await node`node_modules/typescript-7/bin/tsc -p tsconfig.commonjs.json`;
  await node`out/commonjs.cjs`;
});

test.for([
  ["modules", ["--experimental-vm-modules"]],
  ["commonjs", []],
] as const)("the test kit runs in jest, with the configuration for %s of the guide", async ([name, nodeOptions]) => {
  await run({
    cwd: consumer,
    node: true,
    nodeOptions,
  })`node_modules/jest/bin/jest.js --config ${`jest/${name}.config.cjs`}`;
});

test("the chat runs on the packed packages: its page, one event, and an end within a second", async () => {
  const chatFolder = await temporaryFolder();
  // Without one, npm installs in the nearest folder above that has one.
  await writeFile(join(chatFolder, "package.json"), "{}");
  await install(chatFolder, /^tidings-/);
  const main = join(chatFolder, "node_modules/@tidings-apps/chat-server/dist/main.js");
  const chat = runChat(main, chatFolder, { PORT: "0", NODE_ENV: "production" });
  const url = await chat.url();
  expect(await (await fetch(url)).text()).toContain("<script");

  const ada = await visit(url, "ada");
  const stream = await ada.request("GET", "/events?channel=rooms/lobby");
  await ada.say("packed");
  await readUntil(stream.body, "packed");

  const begin = performance.now();
  chat.child.kill("SIGTERM");
  expect(await chat.exit()).toBe(0);
  expect(performance.now() - begin).toBeLessThan(1_000);
});
