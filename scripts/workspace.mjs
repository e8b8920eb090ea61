// Where things are: the root, the folders of the workspace and their manifests.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * What we read of a package.json.
 * @typedef {{
 *   name: string,
 *   version: string,
 *   private?: boolean,
 *   packageManager?: string,
 *   bin?: string | Record<string, string>,
 *   exports?: Record<string, unknown>,
 *   publishConfig?: { exports?: Record<string, unknown> },
 *   scripts?: Record<string, string>,
 * }} Manifest
 */

/** @param {string} folder */
export const readManifest = (folder) =>
  /** @type {Manifest} */ (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));

/** The folders under `packages:` of pnpm-workspace.yaml, relative to the root; knows `name` and `name/*`. */
export function workspaceFolders() {
  const yaml = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const list = /^packages:\n((?: +- .*\n)+)/m.exec(yaml.replaceAll("\r\n", "\n"))?.[1] ?? "";
  const patterns = [...list.matchAll(/- ["']?([^"'\n]+)["']?/g)].map((match) => String(match[1]));
  return patterns
    .flatMap((pattern) => (pattern.endsWith("/*") ? childFolders(pattern.slice(0, -2)) : [pattern]))
    .filter((folder) => existsSync(join(root, folder, "package.json")));
}

/** The packages that are published, relative to the root. */
export const publishedFolders = () =>
  workspaceFolders().filter((folder) => readManifest(join(root, folder)).private !== true);

/** @param {string} parent */
function childFolders(parent) {
  if (!existsSync(join(root, parent))) return [];
  return readdirSync(join(root, parent)).map((child) => `${parent}/${child}`);
}
