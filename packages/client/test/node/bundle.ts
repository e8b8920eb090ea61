import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** The part of esbuild that is used; it comes with tsup, which builds the packages. */
interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

const require = createRequire(createRequire(import.meta.url).resolve("tsup"));

/** What a browser would load, minified. */
export async function bundle(source: string, external: readonly string[] = []): Promise<string> {
  const esbuild = require("esbuild") as Esbuild;
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    external,
    conditions: ["@tidings/source"],
  });
  return outputFiles[0]?.text ?? "";
}

/** Bytes on the wire. */
export function gzipped(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}
