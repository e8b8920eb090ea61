import type { CandidateName } from "./candidates.ts";
import type { Measure } from "./measure.ts";
import { served } from "./served.ts";

const SERVERS: readonly CandidateName[] = ["raw-sockets", "node-http", "tidings", "tidings-bare"];

/** As many in a quick run: what the process takes once would weigh more on fewer. */
const CONNECTIONS = 10_000;

/** What a connection costs on which nothing happens. */
export const idle: Measure = served({
  name: "idle",
  title: "10,000 connections on which nothing happens: a connection",
  figure: "memory (KB)",
  more: ["accept, CPU (µs)"],
  servers: { quick: SERVERS, full: [...SERVERS, "better-sse", "ws", "socket.io", "fastify-sse", "hono"] },
  rounds: { quick: 1, full: 2 },
  isFresh: true,
  async prepare({ loader, server }) {
    // The engine compiles the code in it, and the heap gets the size that a running server has.
    await loader.connect(500);
    await loader.close();
    await server.settledUsage();
  },
  async sample({ loader, server }) {
    const before = await server.settledUsage();
    const { open } = await loader.connect(CONNECTIONS);
    const after = await server.settledUsage();
    await loader.close();
    // Once more: among the first connections of a process, half of the CPU time goes into compiling.
    const warm = await server.settledUsage();
    const again = await loader.connect(CONNECTIONS);
    const accepted = await server.usage();
    return {
      "memory (KB)": (after.rss - before.rss) / 1_024 / open,
      "accept, CPU (µs)": (accepted.user + accepted.system - warm.user - warm.system) / again.open,
    };
  },
});
