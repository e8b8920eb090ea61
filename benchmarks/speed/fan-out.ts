import type { CandidateName } from "./candidates.ts";
import { TEXT_BYTES } from "./event.ts";
import type { Measure } from "./measure.ts";
import { served, type Served } from "./served.ts";
import type { Effort, Sample } from "./results.ts";
import type { Stage } from "./stage.ts";

/** How events are published while a measurement runs. */
export interface Traffic {
  /** The turns of the event loop in which something is published. */
  readonly turns: number;
  readonly perSecond: number;
  readonly perTurn: number;
}

/** The engine compiles the code in them. */
const WARM_UP = { turns: 10, perSecond: 20 };
/** A measurement is over when nothing has come for this long, in milliseconds. */
const QUIET = 3_000;

/** What a delivery to one of many connections costs the process of the server. */
export async function sampleFanOut(
  { server, loader }: Stage,
  connections: number,
  { turns, perTurn, perSecond }: Traffic,
): Promise<Sample> {
  const wanted = turns * perTurn * connections;
  const before = await server.usage();
  const idle = await loader.collect(0, 0);
  const startedAt = performance.now();
  const collected = loader.collect(wanted, QUIET);
  await server.publish({ turns, perTurn, perSecond, bytes: TEXT_BYTES });
  const { events, p50, p99, cpu } = await collected;
  const elapsed = (performance.now() - startedAt) * 1_000;
  const after = await server.usage();
  const user = after.user - before.user;
  const system = after.system - before.system;
  return {
    "CPU (µs)": (user + system) / events,
    "user (µs)": user / events,
    "system (µs)": system / events,
    "p50 (ms)": p50 / 1_000,
    "p99 (ms)": p99 / 1_000,
    "loader (cores)": (cpu - idle.cpu) / elapsed,
    "missing (%)": 100 * (1 - events / wanted),
  };
}

const FEW: readonly CandidateName[] = ["raw-sockets", "node-http", "tidings", "better-sse", "ws"];

interface FanOut extends Pick<Measure, "name" | "title"> {
  readonly connections: number;
  readonly traffic: Traffic;
  readonly servers?: Served["servers"];
  readonly rounds?: Measure["rounds"];
}

function fanOut({ connections, traffic, servers = { quick: FEW, full: FEW }, ...more }: FanOut): Measure {
  const trafficOf = (effort: Effort): Traffic =>
    effort === "full" ? traffic : { ...traffic, turns: Math.ceil(traffic.turns / 2) };
  return served({
    figure: "CPU (µs)",
    more: ["user (µs)", "p50 (ms)", "p99 (ms)"],
    rounds: { quick: 3, full: 5 },
    isFresh: false,
    ...more,
    servers,
    async prepare(stage) {
      await stage.loader.connect(connections);
      await sampleFanOut(stage, connections, { ...traffic, ...WARM_UP });
    },
    sample: (stage, effort) => sampleFanOut(stage, connections, trafficOf(effort)),
  });
}

/** All measures of events that come to many connections. */
export const fanOuts: readonly Measure[] = [
  fanOut({
    name: "fan-out",
    title: "1,000 connections, 20 turns a second with one event each: a delivery",
    connections: 1_000,
    // What belongs to the user and what to the kernel is counted in ticks of the clock: it needs many of them.
    traffic: { turns: 60, perTurn: 1, perSecond: 20 },
  }),
  fanOut({
    name: "fan-out-peers",
    title: "the same with servers that take longer, some of them so long that they cannot keep up: a delivery",
    connections: 1_000,
    traffic: { turns: 20, perTurn: 1, perSecond: 20 },
    servers: {
      quick: ["node-http", "tidings", "fastify-sse", "socket.io", "tutorial"],
      full: ["node-http", "tidings", "fastify-sse", "socket.io", "tutorial", "hono", "trpc"],
    },
    rounds: { quick: 1, full: 3 },
  }),
  fanOut({
    name: "batches",
    title: "1,000 connections, 5 turns a second with 16 events each: a delivery",
    connections: 1_000,
    traffic: { turns: 10, perTurn: 16, perSecond: 5 },
    servers: {
      quick: ["raw-sockets-in-turns", "node-http", "tidings"],
      full: ["raw-sockets-in-turns", "node-http", "tidings", "better-sse", "ws"],
    },
    rounds: { quick: 2, full: 5 },
  }),
  fanOut({
    name: "saturated",
    title: "1,000 connections, more events than the server can deliver one by one: a delivery",
    connections: 1_000,
    traffic: { turns: 800, perTurn: 1, perSecond: 400 },
    servers: { quick: ["raw-sockets", "tidings"], full: ["raw-sockets", "node-http", "tidings", "ws"] },
    rounds: { quick: 2, full: 5 },
  }),
  fanOut({
    name: "chat",
    title: "the same as the first, and each connection has an inbox of its own, too",
    connections: 1_000,
    traffic: { turns: 40, perTurn: 1, perSecond: 20 },
    servers: { quick: ["tidings", "tidings-chat"], full: ["tidings", "tidings-chat"] },
    rounds: { quick: 2, full: 5 },
  }),
];
