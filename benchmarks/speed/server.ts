import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import { candidates, type CandidateName } from "./candidates.ts";
import type { ServerCommand, ServerUsage } from "./server-command.ts";

// The process of one server that is measured. It publishes on command, and reports what it has used.

const [name, folder = "."] = process.argv.slice(2);
// Safe: server-process.ts starts this process with a name of the list.
const candidate = await candidates[name as CandidateName]();
const peerServer = await candidate.serve(folder);
const { server } = peerServer;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
await once(server, "listening");

/** Microseconds, by a clock that is the same in all processes of the machine. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Publishes events. Returns the id of the first one. */
async function publishAll({ turns, perTurn, perSecond, bytes }: ServerCommand & { kind: "publish" }): Promise<string> {
  const text = "~".padEnd(bytes, "x");
  const start = performance.now();
  let firstId: unknown;
  let last: unknown;
  for (let turn = 0; turn < turns; turn++) {
    const wait = (turn * 1_000) / perSecond - (performance.now() - start);
    await (wait > 1 ? setTimeout(wait) : setImmediate());
    for (let event = 0; event < perTurn; event++) {
      const n = now();
      const published = peerServer.publish({ n, text });
      firstId ??= published instanceof Promise ? idOf(await published, n) : n;
      // If it cannot publish, the process ends with the error.
      if (published instanceof Promise) published.catch(fail);
      last = published;
    }
  }
  // They are published in order, so with the last one all are durable.
  await last;
  return String(firstId);
}

function idOf(published: unknown, n: number): unknown {
  return typeof published === "object" && published !== null && "id" in published ? published.id : n;
}

function fail(error: unknown): never {
  throw error;
}

function usage(): ServerUsage {
  const { user, system } = process.cpuUsage();
  return { user, system, rss: process.memoryUsage.rss() };
}

/** The resident set after a garbage collection, and when what it has freed is given back. */
async function settledUsage(): Promise<ServerUsage> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setTimeout(50);
  }
  return usage();
}

async function answer(command: ServerCommand): Promise<unknown> {
  switch (command.kind) {
    case "publish":
      return publishAll(command);
    case "usage":
      return usage();
    case "settled usage":
      return settledUsage();
  }
}

process.on("message", (command: ServerCommand) => {
  void answer(command).then((result) => process.send?.(result));
});
// The process that has started this one is gone.
process.on("disconnect", () => process.exit());
// Safe: the server listens on a TCP port, so its address is an object.
process.send?.({ port: (server.address() as AddressInfo).port, request: candidate.request });
