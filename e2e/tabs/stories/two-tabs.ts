import assert from "node:assert/strict";
import { randomOf } from "../../simulation/random.ts";
import type { AnyAddress } from "../contract.ts";
import { FINE } from "../fake-browser.ts";
import { World, type SharingTab } from "../world.ts";

/** Two tabs of one viewer that share a stream. */
interface TwoTabs {
  readonly world: World;
  readonly leader: SharingTab;
  readonly other: SharingTab;
}

export function emptyWorld(): World {
  return new World(randomOf(1));
}

/** @param address what both follow */
export async function twoTabs(address: AnyAddress): Promise<TwoTabs> {
  const world = emptyWorld();
  const [leader, other] = [world.openTab("ada"), world.openTab("ada")];
  world.follow(leader, address);
  await world.clock.advance(5_000);
  world.follow(other, address);
  await world.clock.advance(5_000);
  assert.equal(world.leader, leader);
  return { world, leader, other };
}

/** No tab hears another one while this happens. */
export async function unheard(world: World, task: () => Promise<void>): Promise<void> {
  world.browser.weather = { ...FINE, lost: 1 };
  await task();
  await world.clock.settle();
  world.browser.weather = FINE;
}

export async function publishTimes(world: World, address: AnyAddress, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await world.publish(address);
  await world.clock.settle();
}

/** Now, everybody has everything. */
export function assertNothingIsMissing({ readers }: World): void {
  for (const reader of readers) reader.check();
  assert.deepEqual(
    readers.flatMap(({ faults }) => faults),
    [],
  );
}

/** In the end everybody has what is owed to them, over one stream for each viewer. */
export async function assertAllIsWell(world: World): Promise<void> {
  assert.deepEqual(await world.faultsAtRest(), []);
}
