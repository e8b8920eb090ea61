import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The part of esbuild that is used; it comes with tsup, which builds the packages. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}

export interface Program {
  readonly path: string;
  readonly remove: () => Promise<void>;
}

const require = createRequire(createRequire(import.meta.url).resolve("tsup"));

/** Compiles a program and the sources that it imports into one file: each process would compile them again. */
export async function compileProgram(entry: URL): Promise<Program> {
  // Beside the modules of the package: Node looks there for the driver.
  const folder = await mkdtemp(fileURLToPath(new URL("../node_modules/program-", import.meta.url)));
  const path = join(folder, "main.mjs");
  const esbuild = require("esbuild") as Esbuild;
  await esbuild.build({
    entryPoints: [fileURLToPath(entry)],
    outfile: path,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@tidings/source"],
    external: ["libsql"],
  });
  return { path, remove: () => rm(folder, { recursive: true, maxRetries: 3 }) };
}
