import { join } from "node:path";
import { build, defaultClientConditions } from "vite";

const page = join(import.meta.dirname, "page");
const react18 = join(import.meta.dirname, "../../packages/react/test/react-18/node_modules");

/** The scripts of the pages, by name. */
export type Scripts = ReadonlyMap<string, string>;

/** Builds the scripts of the pages for one version of React, in development: StrictMode does its work only there. */
export async function buildPages(version: "18" | "19"): Promise<Scripts> {
  const alias = version === "18" ? { react: join(react18, "react"), "react-dom": join(react18, "react-dom") } : {};
  const output = await build({
    root: page,
    configFile: false,
    mode: "development",
    logLevel: "warn",
    define: { "process.env.NODE_ENV": JSON.stringify("development") },
    resolve: { alias, conditions: ["@tidings/source", ...defaultClientConditions] },
    build: {
      write: false,
      minify: false,
      rolldownOptions: {
        input: {
          main: join(page, "main.tsx"),
          stress: join(page, "stress.tsx"),
          polling: join(page, "polling.ts"),
          edited: join(page, "edited.tsx"),
        },
        output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
  // One build, without watching, has one output.
  const { output: files } = output as Extract<typeof output, { output: unknown }>;
  return new Map(files.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file.code] as const] : [])));
}
