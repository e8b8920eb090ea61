import { pick, randomOf } from "../simulation/random.ts";
import { FINE } from "./fake-browser.ts";
import { World } from "./world.ts";

/** Milliseconds after which everything has come to rest, whatever has happened. */
const REST = 240_000;

type Verb = (world: World) => unknown;

const isRunning = ({ isDead, isFrozen }: { isDead: boolean; isFrozen: boolean }): boolean => !isDead && !isFrozen;

/** What can happen, each as often as its weight says. */
const VERBS: readonly (readonly [weight: number, verb: Verb])[] = [
  [30, (world) => world.publish()],
  [6, talk],
  [12, (world) => world.follow()],
  [8, (world) => world.tabs.filter(({ isDead }) => !isDead).length < 6 && world.openTab()],
  [5, (world) => world.readers.length > 0 && pick(world.readers, world.random()).close()],
  [6, killLeader],
  [3, (world) => world.anyTab(isRunning)?.client.close()],
  [6, freezeLeader],
  [3, (world) => world.anyTab(isRunning)?.freeze()],
  [9, (world) => world.anyTab(({ isDead, isFrozen }) => !isDead && isFrozen)?.unfreeze()],
  [4, (world) => [...world.network.open].forEach((exchange) => exchange.cut())],
  [2, (world) => [...world.network.open].forEach((exchange) => exchange.swallow())],
  [3, (world) => [...world.network.open].forEach((exchange) => exchange.hold())],
  [5, release],
  [2, (world) => world.restart()],
  [1, (world) => world.replaceLog()],
  [4, (world) => void (world.isSlow = true)],
  [3, (world) => void (world.isSlow = false)],
  [2, (world) => void (world.browser.weather = { lost: 0.1, repeated: 0.1, late: 0.2 })],
  [4, (world) => void (world.browser.weather = FINE)],
];

/** Something happens everywhere, again and again. Somebody comes back meanwhile. */
async function talk(world: World): Promise<void> {
  world.anyTab(({ isDead, isFrozen }) => !isDead && isFrozen)?.unfreeze();
  for (let time = 0; time < 5; time++) {
    await world.publishEverywhere();
    await world.clock.advance(100);
  }
}

function leaderOf(world: World) {
  return world.tabs.find((tab) => !tab.isDead && world.browser.holders.includes(tab)) ?? null;
}

function killLeader(world: World): void {
  leaderOf(world)?.kill();
}

function freezeLeader(world: World): void {
  leaderOf(world)?.freeze();
}

function release(world: World): void {
  for (const exchange of world.network.open) exchange.release();
}

function draw(random: () => number): Verb {
  const total = VERBS.reduce((sum, [weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [weight, verb] of VERBS) {
    left -= weight;
    if (left < 0) return verb;
  }
  return () => {};
}

/** Lets faults end, and looks whether everybody has everything. */
async function finish(world: World): Promise<string[]> {
  world.browser.weather = FINE;
  world.isSlow = false;
  for (const tab of world.tabs) {
    if (tab.isFrozen) tab.unfreeze();
  }
  release(world);
  await world.clock.advance(REST);
  await world.publishEverywhere();
  await world.clock.advance(5_000);
  for (const reader of world.readers) reader.check();
  const faults = world.readers.flatMap((reader) => reader.faults);
  for (const [viewer, wanted, streams] of world.streams) {
    if (streams.join(" and ") !== wanted) {
      faults.push(`${viewer} wants ${wanted || "nothing"}, and has the streams ${streams.join(" and ") || "none"}`);
    }
  }
  await world.end();
  await world.clock.advance(60_000);
  if (world.browser.leftovers > 0) faults.push("channels or locks that are left over");
  return faults;
}

/** What a schedule has broken. */
export async function run(seed: number, steps = 60): Promise<readonly string[]> {
  const random = randomOf(seed);
  const world = new World(random);
  for (let index = 0; index < 3; index++) {
    world.openTab();
    world.follow();
  }
  for (let step = 0; step < steps; step++) {
    await draw(random)(world);
    const pause = random();
    if (pause < 0.4) await world.clock.settle();
    else if (pause < 0.7) await world.clock.advance(random() * 200);
    else if (pause < 0.93) await world.clock.advance(random() * 5_000);
    else await world.clock.advance(random() * 50_000);
  }
  return finish(world);
}
