// Brings node_modules up to date. pnpm decides whether there is anything to do, and needs a third of a second for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Resolves with whether it succeeded. A signal that comes meanwhile ends pnpm. */
export async function setUp() {
  const { packageManager } = readManifest(root);
  const child = spawnPnpm(packageManager);
  const end = () => child.kill();
  process.on("SIGINT", end).on("SIGTERM", end);
  const [code] = /** @type {[number | null]} */ (await once(child, "exit"));
  process.off("SIGINT", end).off("SIGTERM", end);
  if (code !== 0) console.error(`After a change of a package.json, run "npx ${packageManager} install".`);
  return code === 0;
}

/** @param {string} packageManager the pnpm that is wanted, as `pnpm@<version>` */
function spawnPnpm(packageManager) {
  // The lockfile was checked when it was written, so pnpm need not ask the registry how old each version is.
  const install = ["install", "--trust-lockfile"];
  // CI: pnpm asks nothing, and fails if the lockfile has to change.
  const options = { cwd: root, stdio: /** @type {const} */ ("inherit"), env: { ...process.env, CI: "1" } };

  const installed = join(root, "node_modules", "pnpm");
  if (existsSync(installed) && packageManager === `pnpm@${readManifest(installed).version}`) {
    return spawn(process.execPath, [join(installed, "bin", "pnpm.mjs"), ...install, "--silent"], options);
  }
  console.log(`Installing dependencies with ${packageManager} …`);
  console.log('A warning "Unsupported engine" is about a package that only some tests use: there is nothing to do.');
  // npx is a batch file on Windows, and only a shell starts one.
  const shell = process.platform === "win32";
  return spawn("npx", ["--yes", packageManager, ...install, "--reporter=append-only"], { ...options, shell });
}

/** @param {string} folder */
function readManifest(folder) {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  return /** @type {Record<"packageManager" | "version", string>} */ (JSON.parse(text));
}
