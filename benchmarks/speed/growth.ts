import type { CandidateName } from "./candidates.ts";
import { TEXT_BYTES } from "./event.ts";
import { sampleFanOut } from "./fan-out.ts";
import type { Measure } from "./measure.ts";
import type { Sample } from "./results.ts";
import { served, type Served } from "./served.ts";
import type { ServerUsage } from "./server-command.ts";
import type { Stage } from "./stage.ts";

// How the cost of one server grows. Each measure has the same server in several sizes.

const MEGABYTE = 1024 * 1024;

/** A measurement of the connections has about as many deliveries in each size, but no more turns than this. */
const DELIVERIES = 40_000;
const MOST_TURNS = 60;
/** What is published to one of many addresses. */
const PUBLISHES = { turns: 400, perTurn: 1, perSecond: 200, bytes: TEXT_BYTES };
/** The readers that read, beside those that do not. */
const HEALTHY = 20;
/** What stalled readers are behind: 10 MB. */
const LAG = { turns: 250, perTurn: 20, perSecond: 100, bytes: 2_000 };

function cpuBetween(before: ServerUsage, after: ServerUsage): number {
  return after.user + after.system - before.user - before.system;
}

function growth(more: Omit<Served, "rounds" | "isFresh">): Measure {
  return served({ rounds: { quick: 1, full: 3 }, isFresh: true, ...more });
}

const only = (name: CandidateName): Served["servers"] => ({ quick: [name], full: [name] });

async function sampleAddresses({ server, loader, size }: Stage): Promise<Sample> {
  await loader.connect(size);
  // The engine compiles the code in it.
  await server.publish({ ...PUBLISHES, turns: 200 });
  const before = await server.usage();
  const idleFor = (PUBLISHES.turns * 1_000) / PUBLISHES.perSecond;
  await new Promise((resolve) => setTimeout(resolve, idleFor));
  const idle = await server.usage();
  await server.publish(PUBLISHES);
  const after = await server.usage();
  // Heartbeats look at all connections, whether something is published or not.
  const cpu = cpuBetween(idle, after) - cpuBetween(before, idle);
  return { "CPU (µs)": cpu / PUBLISHES.turns };
}

async function sampleEntries({ server, loader, size }: Stage): Promise<Sample> {
  await loader.connect(100);
  const before = await server.settledUsage();
  await server.publish({ turns: size / 20, perTurn: 20, perSecond: 1_000, bytes: TEXT_BYTES });
  const published = await server.usage();
  const after = await server.settledUsage();
  return {
    "memory (MB)": (after.rss - before.rss) / MEGABYTE,
    "CPU of a publish (µs)": cpuBetween(before, published) / size,
  };
}

async function sampleLag({ server, loader, size }: Stage): Promise<Sample> {
  await loader.connect(HEALTHY);
  if (size > 0) await loader.stall(size);
  const before = await server.settledUsage();
  const collected = loader.collect(LAG.turns * LAG.perTurn * HEALTHY, 3_000);
  await server.publish(LAG);
  const { p99 } = await collected;
  const after = await server.settledUsage();
  return { "memory (MB)": (after.rss - before.rss) / MEGABYTE, "p99 of the others (ms)": p99 / 1_000 };
}

const none = async (): Promise<void> => {};

export const growths: readonly Measure[] = [
  growth({
    name: "by-connections",
    title: "one address, and more and more connections that follow it: a delivery",
    figure: "CPU (µs)",
    more: ["user (µs)", "p99 (ms)"],
    servers: only("tidings"),
    sizes: { unit: "connections", quick: [100, 1_000, 4_000], full: [100, 1_000, 10_000] },
    async prepare(stage) {
      await stage.loader.connect(stage.size);
      // The engine compiles the code in it.
      await sampleFanOut(stage, stage.size, { turns: 10, perTurn: 1, perSecond: 20 });
    },
    sample: (stage) =>
      sampleFanOut(stage, stage.size, {
        turns: Math.min(MOST_TURNS, DELIVERIES / stage.size),
        perTurn: 1,
        perSecond: 20,
      }),
  }),
  growth({
    name: "by-addresses",
    title: "more and more connections with an address of their own, and events for one of them: a publish",
    figure: "CPU (µs)",
    more: [],
    servers: only("tidings-rooms"),
    sizes: { unit: "addresses", quick: [10, 4_000], full: [10, 1_000, 10_000] },
    prepare: none,
    sample: sampleAddresses,
  }),
  growth({
    name: "by-entries",
    title: "more and more events in the log, of which 100 connections get each",
    figure: "memory (MB)",
    more: ["CPU of a publish (µs)"],
    servers: only("tidings"),
    sizes: { unit: "events", quick: [1_000, 10_000, 40_000], full: [1_000, 10_000, 100_000] },
    prepare: none,
    sample: sampleEntries,
  }),
  growth({
    name: "by-lag",
    title: "readers that do not read, beside 20 that do, while 10 MB are published",
    figure: "memory (MB)",
    more: ["p99 of the others (ms)"],
    servers: only("tidings"),
    sizes: { unit: "stalled readers", quick: [0, 100], full: [0, 10, 100, 1_000] },
    prepare: none,
    sample: sampleLag,
  }),
];
