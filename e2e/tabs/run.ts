import { pick, randomOf } from "../simulation/random.ts";
import { contract, type AnyAddress } from "./contract.ts";
import { FINE } from "./fake-browser.ts";
import { rooms, VIEWERS, World, type SharingTab } from "./world.ts";

type Verb = (world: World) => unknown;

const isRunning = ({ isDead, isFrozen }: SharingTab): boolean => !isDead && !isFrozen;
const isAsleep = ({ isDead, isFrozen }: SharingTab): boolean => !isDead && isFrozen;

/** What can happen, each as often as its weight says. */
const VERBS: readonly (readonly [weight: number, verb: Verb])[] = [
  [30, publish],
  [6, talk],
  [12, follow],
  [8, (world) => world.tabs.filter(({ isDead }) => !isDead).length < 6 && openTab(world)],
  [5, (world) => world.readers.length > 0 && pick(world.readers, world.random()).close()],
  [6, (world) => world.leader?.kill()],
  [3, (world) => anyTab(world, isRunning)?.client.close()],
  [6, (world) => world.leader?.freeze()],
  [3, (world) => anyTab(world, isRunning)?.freeze()],
  [9, (world) => anyTab(world, isAsleep)?.unfreeze()],
  [4, (world) => [...world.network.open].forEach((exchange) => exchange.cut())],
  [2, (world) => [...world.network.open].forEach((exchange) => exchange.swallow())],
  [3, (world) => [...world.network.open].forEach((exchange) => exchange.hold())],
  [5, (world) => world.release()],
  [2, (world) => world.restart()],
  [1, (world) => world.replaceLog()],
  [4, (world) => void (world.isSlow = true)],
  [3, (world) => void (world.isSlow = false)],
  [2, (world) => void (world.browser.weather = { lost: 0.1, repeated: 0.1, late: 0.2 })],
  [4, (world) => void (world.browser.weather = FINE)],
];

function openTab(world: World): void {
  world.openTab(pick(VIEWERS, world.random() * 0.75));
}

function anyTab({ tabs, random }: World, fits: (tab: SharingTab) => boolean): SharingTab | null {
  const fitting = tabs.filter(fits);
  return fitting.length === 0 ? null : pick(fitting, random());
}

function anyAddress({ random }: World, viewer: string): AnyAddress {
  return random() < 0.25 ? contract.inbox({ userId: viewer }) : pick(rooms, random());
}

function follow(world: World): void {
  const tab = anyTab(world, isRunning);
  if (tab) world.follow(tab, anyAddress(world, tab.viewer));
}

async function publish(world: World): Promise<void> {
  const { random } = world;
  const address = anyAddress(world, pick(VIEWERS, random()));
  for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
    if (random() < 0.2) await world.type(address);
    else await world.publish(address);
  }
}

/** Something happens everywhere, again and again. Somebody comes back meanwhile. */
async function talk(world: World): Promise<void> {
  anyTab(world, isAsleep)?.unfreeze();
  for (let time = 0; time < 5; time++) {
    await world.publishEverywhere();
    await world.clock.advance(100);
  }
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

/** What a schedule has broken. */
export async function run(seed: number, steps = 60): Promise<readonly string[]> {
  const random = randomOf(seed);
  const world = new World(random);
  for (let index = 0; index < 3; index++) {
    openTab(world);
    follow(world);
  }
  for (let step = 0; step < steps; step++) {
    await draw(random)(world);
    const pause = random();
    if (pause < 0.4) await world.clock.settle();
    else if (pause < 0.7) await world.clock.advance(random() * 200);
    else if (pause < 0.93) await world.clock.advance(random() * 5_000);
    else await world.clock.advance(random() * 50_000);
  }
  return world.faultsAtRest();
}
