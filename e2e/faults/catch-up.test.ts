import { expect, test } from "vitest";
import { CrowdProcess } from "./crowd-process.ts";
import { freshFile } from "./fresh-file.ts";
import { amount, PATIENCE, record } from "./long-run.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { LOBBY, type Delay } from "./served-chat.ts";
import { startHub } from "./server-process.ts";

const CLIENTS = amount(500, 10_000);
/** What each has missed. */
const EVENTS = 500;
const BYTES = 150;
/** Milliseconds by which the server's event loop may be late in one of a hundred turns. */
const BAR = 50;

test.for([
  ["the log", 50],
  ["the ring", 10 * EVENTS],
] as const)(
  `${CLIENTS} readers who come back at once with the oldest position get everything from %s, and the server stays awake`,
  { timeout: PATIENCE },
  async ([source, ringEntries]) => {
    const { port } = await startHub(await buildServedHub(), { path: await freshFile(), ringEntries });
    const publish = async (text: string) => (await postJson(port, "/publish", { text, key: text })) as { id: string };
    const { id: oldest } = await publish("before");
    await postJson(port, "/flood", { from: 0, count: EVENTS, bytes: BYTES });
    const { id: last } = await publish("after");
    const crowd = await CrowdProcess.start();
    const delay = async () => (await postJson(port, "/delay", null)) as Delay;
    await delay();
    const began = performance.now();
    const taken = await crowd.tell("catchUp", { port, path: `${LOBBY}&after=${oldest}`, count: CLIENTS, last });
    const seconds = (performance.now() - began) / 1_000;
    const { p99, worst } = await delay();

    record(`catch up from ${source}`, {
      clients: CLIENTS,
      events: EVENTS,
      seconds: seconds.toFixed(1),
      "event loop p99": `${p99.toFixed()} ms`,
      worst: `${worst.toFixed()} ms`,
    });
    for (const bytes of taken) expect(bytes).toBeGreaterThan(EVENTS * BYTES);
    // Ten times the bar, for a machine that has other things to do.
    expect(p99).toBeLessThan(10 * BAR);
  },
);
