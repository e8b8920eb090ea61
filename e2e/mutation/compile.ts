import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isPatch, patchedText, type Mutation, type Patch } from "./mutation.ts";

/** The part of esbuild that is used; it comes with tsup, which builds the packages. */
interface Esbuild {
  build(options: object): Promise<unknown>;
}

interface Loaded {
  readonly contents: string;
  readonly loader: "ts" | "js";
  readonly resolveDir: string;
}

interface Build {
  onResolve(options: { readonly filter: RegExp }, resolve: (file: { readonly path: string }) => object): void;
  onLoad(
    options: { readonly filter: RegExp; readonly namespace: string },
    load: (file: { readonly path: string }) => Promise<Loaded | undefined>,
  ): void;
}

/** A mutation, and where the compiled copy finds the code of it: mutants are data that holds functions. */
export interface MutationInList {
  readonly mutation: Mutation;
  /**
   * The module that exports the list of mutants as `mutants`. At run time it may import nothing that the mutants
   * replace.
   */
  readonly list: string;
  /** Which one of the list. */
  readonly index: number;
}

export interface CompileOptions {
  /** The module that is compiled, with all that it imports. */
  readonly entry: string;
  readonly outfile: string;
  /** @default null: the packages as they are */
  readonly mutant?: MutationInList | null;
  /** Whether Node loads zod, once for all copies in a process. It is half of a copy. @default false */
  readonly sharesZod?: boolean;
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ORIGINAL = "original:";
const require = createRequire(createRequire(import.meta.url).resolve("tsup"));

/**
 * Compiles a module and the sources of the packages into one file, broken by a mutant or as they are. The sources stay
 * as they are, and there is no switch in them.
 *
 * @throws Error when a patch does not match exactly once, and when a replaced module or export does not exist
 */
export async function compile({ entry, outfile, mutant = null, sharesZod = false }: CompileOptions): Promise<void> {
  const reached = new Set<string>();
  const esbuild = require("esbuild") as Esbuild;
  await esbuild.build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@tidings/source"],
    external: ["libsql"],
    // Where the SQLite log looks for its driver.
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(ROOT, "e2e/package.json")).href) },
    logLevel: "silent",
    // An export that does not exist must not be replaced in silence.
    logOverride: { "import-is-undefined": "error" },
    plugins: [
      ...(sharesZod ? [{ name: "shared-zod", setup: leaveZodToNode }] : []),
      ...(mutant === null ? [] : [{ name: "mutant", setup: (build: Build) => apply(mutant, build, reached) }]),
    ],
  });
  for (const file of mutant === null ? [] : filesOf(mutant.mutation)) {
    if (!reached.has(file)) {
      throw new Error(`Expected ${entry} to reach ${file}, got a build without it; fix the mutant.`);
    }
  }
}

function leaveZodToNode(build: Build): void {
  build.onResolve({ filter: /^zod($|\/)/ }, ({ path }) => ({ path: import.meta.resolve(path), external: true }));
}

function filesOf(mutation: Mutation): string[] {
  return isPatch(mutation) ? [mutation.file] : mutation.map(({ module }) => module);
}

function endingInOneOf(files: readonly string[]): RegExp {
  return new RegExp(`(${files.map((file) => file.replaceAll(".", "\\.")).join("|")})$`);
}

/** @param reached takes the files that the build has loaded of those that are changed */
function apply({ mutation, list, index }: MutationInList, build: Build, reached: Set<string>): void {
  build.onResolve({ filter: /^original:/ }, ({ path }) => ({
    path: path.slice(ORIGINAL.length),
    namespace: "original",
  }));
  build.onLoad({ filter: /\.ts$/, namespace: "original" }, async ({ path }) => ({
    contents: await readFile(path, "utf8"),
    loader: "ts",
    resolveDir: dirname(path),
  }));
  // esbuild waits for this process for each file that the filter lets through.
  build.onLoad({ filter: endingInOneOf(filesOf(mutation)), namespace: "file" }, async ({ path }) => {
    const file = filesOf(mutation).find((each) => path === join(ROOT, each));
    if (file === undefined) return undefined;
    reached.add(file);
    const resolveDir = dirname(path);
    if (isPatch(mutation)) return { contents: await patched(mutation), loader: "ts", resolveDir };
    const names = mutation.filter(({ module }) => module === file).flatMap((each) => Object.keys(each.wrappers));
    return {
      contents: wrapperModule(path, { file, names, list, index }),
      loader: "js",
      resolveDir,
    };
  });
}

interface WrapperModule {
  readonly file: string;
  /** The exports that are replaced. */
  readonly names: readonly string[];
  readonly list: string;
  readonly index: number;
}

/** The text of a module that exports all that the original does, some of it replaced. */
function wrapperModule(path: string, { file, names, list, index }: WrapperModule): string {
  const original = JSON.stringify(ORIGINAL + path);
  return [
    `import * as original from ${original};`,
    `import { mutants } from ${JSON.stringify(list)};`,
    `export * from ${original};`,
    `const own = mutants[${index}].mutation.filter(({ module }) => module === ${JSON.stringify(file)});`,
    "const wrappers = Object.assign({}, ...own.map((each) => each.wrappers));",
    // A name of its own wins over the one that `export *` would bring.
    ...names.map((name) => `export const ${name} = wrappers.${name}(original.${name});`),
  ].join("\n");
}

async function patched(patch: Patch): Promise<string> {
  return patchedText(await readFile(join(ROOT, patch.file), "utf8"), patch);
}
