import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = join(import.meta.dirname, "..", "apps", "chat-server", "src", "main.ts");
const tsx = fileURLToPath(import.meta.resolve("tsx"));

/** The chat's server as a process of its own. */
export interface ChatProcess {
  readonly child: ChildProcess;
  /** What it has printed. */
  readonly lines: { readonly out: string[]; readonly err: string[] };
  /** Where it is live, once it says so. */
  url(): Promise<string>;
  /** Its exit code, once it has ended. */
  exit(): Promise<number | null>;
}

/** Runs the server as `npm start` does, but from its sources, in this folder. It is killed when the test has finished. */
export function runChat(folder: string, variables: Record<string, string>): ChatProcess {
  const { PORT: _port, HOST: _host, TIDINGS_SECRET: _secret, TIDINGS_DB: _database, ...env } = process.env;
  // Node 22 says of its own SQLite that it is experimental; whatever else is printed is the server's.
  const options = ["--disable-warning=ExperimentalWarning", "--import", tsx, "--conditions=@tidings/source"];
  const child = spawn(process.execPath, [...options, main], {
    cwd: folder,
    env: { ...env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    return child.exitCode;
  };
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit();
  });
  const lines = { out: [] as string[], err: [] as string[] };
  const out = createInterface(child.stdout).on("line", (line) => lines.out.push(line));
  createInterface(child.stderr).on("line", (line) => lines.err.push(line));
  return {
    child,
    lines,
    exit,
    url: async () => {
      for await (const line of out) {
        const found = /^Tidings chat is live at (http:\S+)$/.exec(line)?.[1];
        if (found !== undefined) return found;
      }
      throw new Error(`The chat did not start: ${lines.err.join("\n")}`);
    },
  };
}
