import { join } from "node:path";
import { build, defaultClientConditions } from "vite";

const web = join(import.meta.dirname, "..", "apps", "chat-web");

/** Builds the chat's page from the sources as they are now. Returns its folder, which is not the one that `npm start` uses. */
export async function buildPage(): Promise<string> {
  const outDir = join(import.meta.dirname, "node_modules", ".cache", `chat-page-${process.pid}`);
  await build({
    root: web,
    logLevel: "warn",
    resolve: { conditions: ["@tidings/source", ...defaultClientConditions] },
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
}
