import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { beforeAll } from "vitest";
import { bundleChat } from "./build-program.ts";
import { killWithTest } from "./kill-with-test.ts";

/** The chat server in a process of its own. */
interface ChatProcess {
  readonly child: ChildProcess;
  /** The lines that it has printed, by stdout and stderr. */
  readonly lines: { readonly out: string[]; readonly err: string[] };
  /** Resolves with its address as soon as it prints it. @throws Error when it ends before */
  url(): Promise<string>;
  /** Resolves with its exit code when it has ended; null when a signal has killed it. */
  exit(): Promise<number | null>;
}

/**
 * Runs the server as `npm start` does, but from its current sources, in a folder. It is killed when the test has
 * finished.
 * @param variables of the environment
 */
type RunChat = (folder: string, variables: Record<string, string>) => ChatProcess;

/**
 * Lets the tests of a file run the chat server. It is bundled once for all of them, before the first one.
 * @param entry the program of the chat server: the server alone, or with the demo
 */
export function setUpChatProcesses(entry: "src/main.ts" | "src/demo.ts" = "src/main.ts"): RunChat {
  let program: string | undefined;
  beforeAll(async () => {
    const { path, remove } = await bundleChat(entry);
    program = path;
    return remove;
  });
  return (folder, variables) => {
    if (program === undefined) throw new Error("Expected a test to run the chat, got a call before all tests.");
    return runChat(program, folder, variables);
  };
}

/** Runs a program that is the chat server, in a folder. It is killed when the test has finished. */
export function runChat(program: string, folder: string, variables: Record<string, string>): ChatProcess {
  const {
    PORT: _port,
    HOST: _host,
    HOSTS: _hosts,
    TIDINGS_SECRET: _secret,
    TIDINGS_DB: _database,
    TIDINGS_LOG: _log,
    ...env
  } = process.env;
  // Without the warning of Node 22 about its own SQLite, all that is printed is from the server.
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program], {
    cwd: folder,
    env: { ...env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  const exit = async () => {
    await closed;
    return child.exitCode;
  };
  killWithTest(child);
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
      throw new Error(`Expected the chat to print its address, got its end: ${lines.err.join("\n")}`);
    },
  };
}
