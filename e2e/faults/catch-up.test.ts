import { expect, test } from "vitest";
import { temporaryPath } from "../temporary-folder.ts";
import { CrowdProcess } from "./crowd-process.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { LOBBY_STREAM, type EventLoopDelay } from "./hub-program-api.ts";
import { startHubProcess } from "./server-process.ts";

const CLIENTS = amount(500, 10_000);
/** How many events each client has missed. */
const EVENTS = 500;
const BYTES = 150;
/** The bar for the p99 of the event loop's delay, in milliseconds. */
const BAR = 50;

test.for([
  ["the log", 50],
  ["the ring", 10 * EVENTS],
] as const)(
  `${CLIENTS} readers that reconnect at once with an old cursor get everything from %s; the server stays responsive`,
  { timeout: PATIENCE },
  async ([source, ringEntries]) => {
    const { port } = await startHubProcess(await buildHubProgram(), { path: await temporaryPath(), ringEntries });
    const publish = async (text: string) => (await postJson(port, "/publish", { text, key: text })) as { id: string };
    const { id: oldest } = await publish("before");
    await postJson(port, "/flood", { from: 0, count: EVENTS, bytes: BYTES });
    const { id: last } = await publish("after");
    const crowd = await CrowdProcess.start();
    // What hub-program.ts answers. Each measurement begins with the previous one.
    const measureDelay = async () => (await postJson(port, "/delay", null)) as EventLoopDelay;
    await measureDelay();
    const began = performance.now();
    const received = await crowd.run("catchUp", {
      port,
      path: `${LOBBY_STREAM}&after=${oldest}`,
      count: CLIENTS,
      last,
    });
    const seconds = (performance.now() - began) / 1_000;
    const { p99, worst } = await measureDelay();

    record(`catch up from ${source}`, {
      clients: CLIENTS,
      events: EVENTS,
      seconds: seconds.toFixed(1),
      "event loop p99": `${p99.toFixed()} ms`,
      worst: `${worst.toFixed()} ms`,
    });
    for (const bytes of received) expect(bytes).toBeGreaterThan(EVENTS * BYTES);
    // Ten times the bar, for a busy machine.
    expect(p99).toBeLessThan(10 * BAR);
  },
);
