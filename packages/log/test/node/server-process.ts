import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: a server on a port has such an address.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export function runs({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Ends a process, and waits until it has ended. */
export async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (child === null || !runs(child)) return;
  const exit = once(child, "exit");
  child.kill(signal);
  await exit;
}

/** Ends a process if this one ends before it. */
export function endWithThis(child: ChildProcess, signal: NodeJS.Signals): void {
  const quit = () => child.kill(signal);
  process.once("exit", quit);
  child.once("exit", () => process.off("exit", quit));
}
