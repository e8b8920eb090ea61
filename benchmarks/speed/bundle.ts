import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** Bundles go here, since they find the packages of the peers from here. */
export const BUNDLES = join(import.meta.dirname, "../node_modules/.speed");

/** The clone that this file is in. */
export const THIS_CLONE = join(import.meta.dirname, "../..");

/** What is loaded as it is installed. */
const EXTERNAL = [
  "better-sse",
  "@fastify/sse",
  "fastify",
  "hono",
  "@hono/*",
  "socket.io*",
  "@trpc/*",
  "express",
  "ws",
  "libsql",
];

/** Takes our own packages from another clone of this repository. */
function packagesOf(clone: string): Plugin {
  return {
    name: "packages of another clone",
    setup(builder) {
      builder.onResolve({ filter: /^@tidings\// }, ({ path, kind, pluginData }) =>
        pluginData === "resolving"
          ? undefined
          : builder.resolve(path, { kind, resolveDir: join(clone, "benchmarks"), pluginData: "resolving" }),
      );
    },
  };
}

/**
 * Makes a program of plain JavaScript, as users run it: what runs TypeScript directly makes closures slower. Returns
 * its path.
 *
 * @param source its file in this folder
 * @param clone the clone whose packages it gets; installed, since they find their dependencies from there
 */
export async function bundle(source: string, name: string, clone: string): Promise<string> {
  const outdir = join(BUNDLES, name);
  await build({
    entryPoints: { program: join(import.meta.dirname, source) },
    outdir,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@tidings/source"],
    outExtension: { ".js": ".mjs" },
    plugins: [packagesOf(clone)],
    external: EXTERNAL,
    logLevel: "error",
  });
  return join(outdir, "program.mjs");
}
