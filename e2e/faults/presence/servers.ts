import { buildPresenceProgram } from "../../build-program.ts";
import { ServerProcess } from "../server-process.ts";

/** The bar for those who were at a server that was killed is 30 seconds. A busy machine gets ten times as long. */
export const GONE = { timeout: 300_000, interval: 100 };
export const PATIENCE = 400_000;

/** Starts two servers that share a log. @param log the arguments with which a server opens it */
export async function startServers(log: readonly string[]) {
  const program = await buildPresenceProgram();
  const start = (): Promise<ServerProcess> => ServerProcess.start(program, log);
  return { start, servers: [await start(), await start()] as const };
}
