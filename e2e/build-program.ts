import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..");

export interface Bundle {
  /** The path of the file to run. */
  readonly path: string;
  readonly remove: () => Promise<void>;
}

/**
 * Bundles a program and all that it imports into one file, from the current sources. Such a program starts within a
 * fifth of a second, so a test can start and kill it often.
 * @param folder the package of the program, relative to the root
 * @param entry relative to the package
 */
async function bundle(folder: string, entry: string): Promise<Bundle> {
  // Inside the package, so that imports at run time are found.
  const outDir = join(root, folder, "node_modules", ".cache", `program-${process.pid}-${performance.now()}`);
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
  return { path: join(outDir, "main.mjs"), remove: () => rm(outDir, { recursive: true, force: true }) };
}

/** Bundles the chat server, or another program of its package. The caller has to remove it. */
export const bundleChat = (entry = "src/main.ts"): Promise<Bundle> => bundle("apps/chat-server", entry);

/** Bundles chat-answers-program.ts. The caller has to remove it. */
export const bundleAnswers = (): Promise<Bundle> => bundle("e2e", "chat-answers-program.ts");

/** Bundles the chat server. Returns the path of the file; it is deleted when the test has finished. */
export const buildChatProgram = (): Promise<string> => untilTestEnds(bundleChat());

/** Bundles faults/hub-program.ts. Returns the path of the file; it is deleted when the test has finished. */
export const buildHubProgram = (): Promise<string> => untilTestEnds(bundle("e2e", "faults/hub-program.ts"));

/** Bundles faults/presence-program.ts. Returns the path of the file; it is deleted when the test has finished. */
export const buildPresenceProgram = (): Promise<string> => untilTestEnds(bundle("e2e", "faults/presence-program.ts"));

/** Bundles faults/crowd-program.ts. Returns the path of the file; it is deleted when the test has finished. */
export const buildCrowdProgram = (): Promise<string> => untilTestEnds(bundle("e2e", "faults/crowd-program.ts"));

async function untilTestEnds(bundling: Promise<Bundle>): Promise<string> {
  const { path, remove } = await bundling;
  onTestFinished(remove);
  return path;
}
