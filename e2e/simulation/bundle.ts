import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A change of one line of the packages: what is to be found, exactly once, and what stands there instead. */
export interface Patch {
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

interface Build {
  onLoad(options: { readonly filter: RegExp }, load: (file: { readonly path: string }) => Promise<object>): void;
}

/** The part of esbuild that is used; it comes with tsup, which builds the packages. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(createRequire(import.meta.url).resolve("tsup"));

/**
 * Compiles the world and the sources of the packages into one file of a temporary folder, which starts in an instant. With a patch,
 * the copy is a mutant; the sources stay as they are.
 *
 * @throws Error when the patch does not match exactly once
 */
export async function bundle(folder: string, name: string, patch: Patch | null): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const esbuild = require("esbuild") as Esbuild;
  const patched = patch === null ? null : await apply(patch);
  await esbuild.build({
    entryPoints: [join(ROOT, "e2e/simulation/worker.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@tidings/source"],
    external: ["libsql"],
    // Where the SQLite log looks for its driver.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(ROOT, "e2e/package.json")).href) },
    logLevel: "error",
    plugins: [
      {
        name: "patch",
        setup(build: Build) {
          build.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
            contents:
              patch !== null && patched !== null && path === join(ROOT, patch.file)
                ? patched
                : await readFile(path, "utf8"),
            loader: "ts",
          }));
        },
      },
    ],
  });
  return outfile;
}

async function apply({ file, from, to }: Patch): Promise<string> {
  const source = await readFile(join(ROOT, file), "utf8");
  const parts = source.split(from);
  if (parts.length !== 2)
    throw new Error(
      `Expected ${JSON.stringify(from)} once in ${file}, got it ${parts.length - 1} times; adapt the mutant.`,
    );
  return parts.join(to);
}
