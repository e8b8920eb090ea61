import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/**
 * Makes one file of a program and all that it imports, from the sources as they are now: it starts within a fifth of a second,
 * so it can be killed often. Returns where the file is; it is gone after the test.
 * @param folder the package of the program, relative to the root @param entry relative to the package
 */
export async function buildProgram(folder: string, entry: string): Promise<string> {
  // In the package, so that what is looked up at run time is found.
  const outDir = join(root, folder, "node_modules", ".cache", `program-${process.pid}-${performance.now()}`);
  onTestFinished(() => rm(outDir, { recursive: true, force: true }));
  const conditions = ["@tidings/source", "module", "node", "development|production"];
  await build({
    configFile: false,
    logLevel: "warn",
    ssr: { noExternal: true, external: ["libsql"], resolve: { conditions } },
    build: {
      ssr: join(root, folder, entry),
      outDir,
      minify: false,
      rolldownOptions: { output: { entryFileNames: "main.mjs" } },
    },
  });
  return join(outDir, "main.mjs");
}

/** The chat. */
export const buildChat = (): Promise<string> => buildProgram("apps/chat-server", "src/main.ts");

/** The program of served-hub.ts. */
export const buildServedHub = (): Promise<string> => buildProgram("e2e", "faults/served-hub.ts");
