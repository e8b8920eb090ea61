import type { EventLog } from "@tidings/log";
import { expect } from "vitest";
import { quiet } from "../packages/log/src/conformance/waking.ts";
import { followWithEach, openHub, publish } from "./shared-hubs.ts";

/**
 * A hub whose doorbell works at first, and then hears nothing, although its connection is there: what another hub
 * publishes comes with the poll, and is counted.
 */
export async function expectCounted(near: EventLog, far: EventLog, loseRings: () => void): Promise<void> {
  const [hub, deaf] = [openHub(near), openHub(far)];
  const [, heard = []] = await followWithEach([{ hub }, { hub: deaf }]);
  // Its test is over.
  await quiet(far);
  const before = deaf.stats().missedDoorbells;
  loseRings();
  for (let n = 0; n < 3; n++) {
    await publish(hub, `${n}`);
    // A poll comes every second. A busy machine has ten.
    await expect.poll(() => heard.at(-1), { timeout: 10_000 }).toBe(`${n}`);
  }
  expect(deaf.stats().missedDoorbells - before).toBeGreaterThan(0);
  expect(heard).toEqual(["0", "1", "2"]);
}
