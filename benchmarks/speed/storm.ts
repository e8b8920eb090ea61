import type { Measure } from "./measure.ts";
import { served, type Served } from "./served.ts";
import { TEXT_BYTES } from "./event.ts";
import type { Stage } from "./stage.ts";

/** What each client has missed. */
const EVENTS = 500;
const CLIENTS = 2_000;
const QUIET = 5_000;

/** Publishes what the clients have missed. They come back with the position of the event before. */
async function fill(stage: Stage): Promise<void> {
  const { server } = stage;
  await stage.loader.connect(1);
  const after = await server.publish({ turns: 1, perTurn: 1, perSecond: 100, bytes: TEXT_BYTES });
  await server.publish({ turns: EVENTS / 20, perTurn: 20, perSecond: 1_000, bytes: TEXT_BYTES });
  await stage.replaceLoader(server.request.replace("\r\n\r\n", `\r\nLast-Event-ID: ${after}\r\n\r\n`));
}

function storm(more: Pick<Served, "name" | "title" | "servers" | "prepare">): Measure {
  return served({
    figure: "CPU (µs)",
    more: ["user (µs)", "time (s)"],
    rounds: { quick: 2, full: 5 },
    isFresh: true,
    ...more,
    async sample({ loader, server }) {
      const before = await server.usage();
      const startedAt = performance.now();
      const wanted = CLIENTS * EVENTS;
      // Some of the events come while others still connect.
      const early = await loader.connect(CLIENTS);
      const late = await loader.collect(wanted - early.events, QUIET);
      const events = early.events + late.events;
      const after = await server.usage();
      const user = after.user - before.user;
      const cpu = user + after.system - before.system;
      return {
        "CPU (µs)": cpu / events,
        "user (µs)": user / events,
        "time (s)": (performance.now() - startedAt) / 1_000,
        "missing (%)": 100 * (1 - events / wanted),
      };
    },
  });
}

export const storms: readonly Measure[] = [
  storm({
    name: "storm",
    title: "2,000 clients come back at once, each has missed 500 events, which are in memory: an event",
    servers: { quick: ["node-http", "tidings"], full: ["node-http", "tidings"] },
    prepare: fill,
  }),
  storm({
    name: "storm-sqlite",
    title: "the same after a restart, so that they have to be read from the SQLite file: an event",
    servers: { quick: ["node-http", "tidings-sqlite"], full: ["node-http", "tidings-sqlite"] },
    async prepare(stage) {
      await fill(stage);
      if (stage.name === "tidings-sqlite") await stage.restart();
    },
  }),
];
