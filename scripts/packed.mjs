// What a user gets: every package packed as for the registry, checked, and installed with npm in an empty folder.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, npmBinary, runNode, runQuietly } from "./child.mjs";
import { runApp } from "./packed-app.mjs";
import { publishedFolders, readManifest, root } from "./workspace.mjs";

/** @typedef {{ folder: string, name: string, tarball: string, entries: string[] }} Packed */

const compilers = { "typescript-5": "npm:typescript@5.6.3", "typescript-7": "npm:typescript@7.0.2" };
const apps = ["apps/chat-contract", "apps/chat-server", "apps/chat-web"];

let temporary = "";
/** @type {Packed[]} */
let packages = [];

export async function pack() {
  temporary = mkdtempSync(join(tmpdir(), "tidings-packed-"));
  process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
  packages = [];
  for (const folder of publishedFolders()) packages.push(await packFolder(folder));
  for (const { name, tarball } of packages) console.log(`  ${name}: ${tarball.slice(temporary.length + 1)}`);
  return 0;
}

export async function checkPackages() {
  for (const { name, tarball } of packages) {
    const codes = await Promise.all([
      runQuietly(binary("publint"), ["run", tarball, "--strict"]),
      runQuietly(binary("attw", "@arethetypeswrong/cli"), [tarball, "--profile", "esm-only"]),
    ]);
    const good = codes.every((code) => code === 0);
    console.log(`  ${name}: ${good ? "good" : "FAILED"}`);
    if (!good) return 1;
  }
  return 0;
}

/** A project of a user: compiled by the oldest and the newest TypeScript we support, run as ESM and from CommonJS. */
export async function checkConsumer() {
  const folder = join(temporary, "consumer");
  cpSync(join(root, "scripts/consumer"), folder, { recursive: true });
  const code = await install(folder, packages, {
    ...compilers,
    "@types/node": "^24.0.0",
    vitest: "4.1.12",
    zod: "4.6.7",
  });
  if (code !== 0) return code;

  // `conformance` is for test runners: it is compiled here and runs in our own tests.
  const entries = packages.flatMap((each) => each.entries);
  const runnable = entries.filter((entry) => !entry.endsWith("/conformance"));
  writeFileSync(join(folder, "every-entry.ts"), entries.map((entry) => `import "${entry}";`).join("\n"));
  writeFileSync(join(folder, "import.mjs"), runnable.map((entry) => `import "${entry}";`).join("\n"));
  writeFileSync(join(folder, "require.cjs"), runnable.map((entry) => `require("${entry}");`).join("\n"));

  for (const compiler of Object.keys(compilers)) {
    const script = join(folder, "node_modules", compiler, "bin/tsc");
    const codes = await Promise.all(
      ["nodenext", "bundler"].map((each) => runNode(script, ["-p", `tsconfig.${each}.json`], { cwd: folder })),
    );
    const good = codes.every((each) => each === 0);
    console.log(`  ${compiler}, moduleResolution nodenext and bundler: ${good ? "good" : "FAILED"}`);
    if (!good) return 1;
  }
  for (const script of ["import.mjs", "require.cjs", "out/consumer.js"]) {
    const ran = await runNode(join(folder, script), [], { cwd: folder });
    console.log(`  ${script}: ${ran === 0 ? "good" : "FAILED"}`);
    if (ran !== 0) return ran;
  }
  return 0;
}

/** The chat, as it would be deployed: its own packages and ours from tarballs, dependencies from npm. */
export async function checkApp() {
  const folder = join(temporary, "chat");
  const packedApps = [];
  for (const app of apps) packedApps.push(await packFolder(app));
  const code = await install(folder, [...packages, ...packedApps], {});
  return code !== 0 ? code : runApp(folder);
}

/**
 * @param {string} folder
 * @returns {Promise<Packed>}
 */
async function packFolder(folder) {
  const { name, exports = {} } = readManifest(join(root, folder));
  const destination = join(temporary, "tarballs", folder);
  mkdirSync(destination, { recursive: true });
  // pnpm, because it replaces `workspace:` and `catalog:` and applies publishConfig.
  const pnpm = join(root, "node_modules/pnpm/bin/pnpm.mjs");
  const code = await runNode(pnpm, ["pack", "--pack-destination", destination], {
    cwd: join(root, folder),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const file = readdirSync(destination).find((each) => each.endsWith(".tgz"));
  if (code !== 0 || file === undefined) throw new Error(`${folder} could not be packed.`);
  const entries = Object.keys(exports)
    .filter((entry) => entry !== "./package.json")
    .map((entry) => name + entry.slice(1));
  return { folder, name, tarball: join(destination, file), entries };
}

/**
 * Plain npm, with every dependency between the tarballs pointed at the tarballs.
 * @param {string} folder
 * @param {Packed[]} tarballs
 * @param {Record<string, string>} others
 */
async function install(folder, tarballs, others) {
  mkdirSync(folder, { recursive: true });
  /** @type {Record<string, string>} */
  const own = {};
  /** @type {Record<string, string>} */
  const overrides = {};
  for (const { name, tarball } of tarballs) {
    own[name] = `file:${tarball}`;
    overrides[name] = `$${name}`;
  }
  const manifest = { name: "consumer", private: true, type: "module", dependencies: { ...own, ...others }, overrides };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  return runNode(npmBinary("npm"), ["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"], {
    cwd: folder,
  });
}
