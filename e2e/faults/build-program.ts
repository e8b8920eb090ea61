import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/**
 * Bundles a program and all that it imports into one file, from the current sources. Such a program starts within a
 * fifth of a second, so a test can kill it often. Returns the path of the file; it is deleted
 * after the test.
 * @param folder the package of the program, relative to the root
 * @param entry relative to the package
 */
export async function buildProgram(folder: string, entry: string): Promise<string> {
  // Inside the package, so that imports at run time are found.
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

/** Bundles the chat server. */
export const buildChatProgram = (): Promise<string> => buildProgram("apps/chat-server", "src/main.ts");

/** Bundles hub-program.ts. */
export const buildHubProgram = (): Promise<string> => buildProgram("e2e", "faults/hub-program.ts");
