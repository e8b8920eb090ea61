import { setImmediate as nextTurn } from "node:timers/promises";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, test } from "vitest";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { serveHub } from "../serve-hub.ts";
import { CrowdProcess } from "./crowd-process.ts";
import { PATIENCE } from "./long-run.ts";

const READERS = 9_000;
/** Milliseconds: ten times the bar. */
const LONGEST_TURN = 500;

/** Measures the turns of the event loop until it is stopped. Resolves with the longest one, in milliseconds. */
async function longestTurn(isOver: () => boolean): Promise<number> {
  let longest = 0;
  while (!isOver()) {
    const begun = performance.now();
    await nextTurn();
    longest = Math.max(longest, performance.now() - begun);
  }
  return longest;
}

test(
  `${READERS} streams that end at the same moment do not stop the event loop`,
  async () => {
    const hub = createHub(testContract, { log: memoryLog(), authorize: () => true });
    const port = await serveHub(hub);
    const crowd = await CrowdProcess.start();
    await crowd.run("follow", { port, count: READERS });
    const all = hub.stats().connections;
    await hub.disconnect({ address: lobby });
    // They come back later, at other times.
    const longest = await longestTurn(() => hub.stats().connections < all / 100);
    expect(all).toBe(READERS);
    expect(longest).toBeLessThan(LONGEST_TURN);
  },
  PATIENCE,
);
