import { isMemoryLog, type EventLog } from "@tidings/log";
import type { Trace } from "./trace.ts";

/** What Node, and PM2 on Node, say about a process. Other runtimes have none or less of it. */
interface Process {
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

/**
 * Warns when the log is in memory and the process is one of several: each of them has a log of its own then, and a
 * reader gets only the events that its own process has published.
 */
export function warnOfSeparateLogs({
  log,
  trace,
}: {
  readonly log: EventLog;
  readonly trace: Pick<Trace, "add">;
}): void {
  // Safe: every member is optional, and the core knows no type of Node.
  const sign = isMemoryLog(log) ? signOfSiblings((globalThis as { readonly process?: Process }).process) : null;
  if (sign === null) return;
  const consequence = "each process has a memoryLog of its own, and its readers miss the events of the others";
  const detail = `This process is one of several (${sign}): ${consequence}. Use a log that they share, or one process.`;
  trace.add("warn", "memory-log", { detail });
}

/** What shows that the same program runs in other processes, too; null when nothing does. */
export function signOfSiblings(process: Process | undefined): string | null {
  const { env = {} } = process ?? {};
  const pm2 = signOfPm2(env);
  if (pm2 !== null) return pm2;
  // PM2's cluster mode makes a worker of an only instance, too.
  if (env["exec_mode"] === "cluster_mode" && env["instances"] === "1") return null;
  const isWorker = env["NODE_UNIQUE_ID"] !== undefined || isClusterWorker(process);
  return isWorker ? "a worker of node:cluster" : null;
}

/** PM2 numbers the instances of an application. Its `pm_id` counts those of all applications. */
function signOfPm2(env: Readonly<Record<string, string | undefined>>): string | null {
  // Others use NODE_APP_INSTANCE, too: for npm's `config`, it names a file.
  if (env["pm_id"] === undefined) return null;
  // The configuration of PM2 may name another variable.
  const number = env[env["instance_var"] ?? "NODE_APP_INSTANCE"] ?? "0";
  // An instance that `pm2 scale` has added does not know the new number of instances.
  return Number(env["instances"]) > 1 || Number(number) > 0 ? `instance ${number} of PM2` : null;
}

/** Asks Node, which takes `NODE_UNIQUE_ID` out of the environment of a worker before the program runs. */
function isClusterWorker(process: Process | undefined): boolean {
  try {
    // Safe: the one member that is read is compared with true.
    const cluster = process?.getBuiltinModule?.("node:cluster") as { readonly isWorker?: boolean } | undefined;
    return cluster?.isWorker === true;
  } catch {
    // A runtime that knows the function and not the module.
    return false;
  }
}
