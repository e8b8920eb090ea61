import type { EventLog } from "@tidings/log";
import { expect } from "vitest";
import { everything, reliable } from "./entries.ts";
import { Follower, publishFor } from "./follower.ts";
import { timeUntilDone } from "./timing.ts";

/** How often a server is killed. */
export const KILLS = 10;

/** While three handles publish, a server is killed and started again. Nothing is lost or doubled, nobody gets a gap. */
export async function expectNothingLost(
  log: EventLog,
  open: () => Promise<EventLog>,
  restart: () => Promise<void>,
): Promise<void> {
  const handles = [log, await open(), await open()];
  const follower = await Follower.start(await open());
  const publishing = handles.map((handle, index) => publishFor(KILLS * 700, handle, `${index}`, 5));
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await restart();
    expect(await timeUntilDone(() => log.append([reliable("probe")]))).toBeLessThan(1_000);
  }
  const acknowledged = (await Promise.all(publishing)).flat();
  const followed = await follower.finish();
  expect(followed).toEqual(await everything(log));
  const published = followed.filter((data) => data !== '"event"');
  // Each publish was repeated until it was acknowledged, so nothing else is there.
  expect(published.toSorted()).toEqual(acknowledged.toSorted());
  expect(follower.holes).toEqual([]);
}
