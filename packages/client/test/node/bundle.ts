import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The part of esbuild that is used; it comes with tsup, which builds the packages. */
interface Esbuild {
  build(options: object): Promise<{
    readonly outputFiles: readonly { readonly text: string }[];
    readonly metafile: {
      readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, BundledModule>> }>>;
    };
  }>;
}

interface BundledModule {
  readonly bytesInOutput: number;
}

interface Bundle {
  readonly text: string;
  /** How many bytes of the text come from each module, by the path from the root of the repository. */
  readonly bytesByModule: ReadonlyMap<string, number>;
}

const require = createRequire(createRequire(import.meta.url).resolve("tsup"));
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** What a browser would load, minified, and where it comes from. */
export async function bundleByModule(
  source: string,
  external: readonly string[] = [],
  target: readonly string[] = ["es2022"],
): Promise<Bundle> {
  const esbuild = require("esbuild") as Esbuild;
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target,
    write: false,
    metafile: true,
    external,
    conditions: ["@tidings/source"],
  });
  const modules = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  return {
    text: outputFiles[0]?.text ?? "",
    bytesByModule: new Map(modules.map(([path, { bytesInOutput }]) => [path, bytesInOutput])),
  };
}

/** What a browser would load, minified. */
export async function bundle(
  source: string,
  external?: readonly string[],
  target?: readonly string[],
): Promise<string> {
  return (await bundleByModule(source, external, target)).text;
}

/** Bytes on the wire. */
export function gzipped(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}
