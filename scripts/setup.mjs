// Brings node_modules up to date, only when something that decides its content has changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmBinary, runNode } from "./child.mjs";
import { say, since } from "./say.mjs";
import { readManifest, root, workspaceFolders } from "./workspace.mjs";

const stampFile = join(root, "node_modules", ".tidings-setup");

export async function setUp() {
  const stamp = currentStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;

  const pnpm = readManifest(root).packageManager ?? "pnpm";
  say(`installing dependencies with ${pnpm} …`);
  const start = performance.now();
  const install = ["--yes", pnpm, "install", "--frozen-lockfile", "--reporter=append-only"];
  // CI=1: pnpm asks nothing, not even before it replaces a node_modules of another package manager.
  const code = await runNode(npmBinary("npx"), install, { env: { ...process.env, CI: "1" } });
  if (code !== 0) {
    throw new Error(
      `The installation failed. After a change of a package.json, "npx ${pnpm} install" brings the lockfile up to date.`,
    );
  }
  mkdirSync(join(root, "node_modules"), { recursive: true });
  writeFileSync(stampFile, stamp);
  say(`dependencies are installed (${since(start)})`);
}

/** The lockfile, all manifests, and the platform that binaries were chosen for. */
function currentStamp() {
  const manifests = workspaceFolders().map((folder) => `${folder}/package.json`);
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", ...manifests]) {
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}
