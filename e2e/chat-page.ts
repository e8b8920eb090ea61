import { join } from "node:path";
import { build, defaultClientConditions } from "vite";

const web = join(import.meta.dirname, "..", "apps", "chat-web");

/** Builds the page of the chat from the current sources. Returns a new folder; `npm start` uses another one. */
export async function buildPage(): Promise<string> {
  const outDir = join(import.meta.dirname, "node_modules", ".cache", `chat-page-${process.pid}-${performance.now()}`);
  await build({
    root: web,
    logLevel: "warn",
    resolve: { conditions: ["@tidings/source", ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}
