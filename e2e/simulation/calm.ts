import { feeds, contract, rooms, viewers } from "./contract.ts";
import { GOOD } from "./faulty-log.ts";
import type { Diary } from "./diary.ts";
import { Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/** A read of the log that is under way when a hub closes may take so many milliseconds, and a pause of ours as many. */
const READ_TIME = 13_000;
/** Milliseconds within which everything that needs no time happens. */
const EPSILON = 50;
/** How often a hub looks at its log without being told to, in milliseconds. */
const POLL = 1_000;
/**
 * How long anybody may take to come back once nothing is in the way, in milliseconds: the cap of the backoff, and a
 * page.
 */
const COMEBACK = 150_000;
/** A hub applies retention every so many milliseconds: afterwards what has expired is withdrawn. */
const TRIM = 5_500;

/**
 * The weather clears: everybody comes back, hears of everything, and leaves. What does not happen is noted as a violation.
 */
export async function heal(world: World): Promise<void> {
  const { clock, clients, weather, followers, diaries } = world;
  const { networks } = world.programs;
  Object.assign(weather, GOOD);
  world.isCalm = true;
  await world.spring();
  for (const program of clients) world.setOnline(program, true);
  for (const { open } of networks) for (const exchange of open) exchange.release();
  for (const follower of followers) follower.readOn();
  for (const { transaction } of world.servers) transaction?.commit();
  // A read that began before may still be slow.
  if (world.hasSlowAnswers) await clock.advance(READ_TIME);
  // Hubs look at deadlines once a second.
  if (world.lastExpiry > 0) await clock.advance(Math.max(0, world.lastExpiry - clock.time) + 1_100);

  const begun = world.truth.next();
  /**
   * A loop has no status of its own: it is back when it has got something new, also where there has never been
   * anything. One that still waits for its first page will begin after whatever is published meanwhile, and is not owed
   * that.
   */
  const isBack = (each: Diary): boolean =>
    each.isClosed || (each.isLoop ? (each.seen.at(-1)?.tick ?? 0) > begun || isNewestHidden(world, each) : each.isLive);
  const isAllBack = (): boolean =>
    diaries.every(isBack) &&
    clients.every(({ client }) => client.status.value.state !== "retrying") &&
    networks.every(({ open }) => [...open].every(({ isDead }) => !isDead));
  // Once more afterwards: who seemed to be back may have had to learn first that the log is another one.
  let waited = 0;
  do {
    for (; !isAllBack() && world.violation === null; waited += 500) {
      if (waited > COMEBACK)
        return world.onViolation(`everybody comes back: ${diaries.filter((each) => !isBack(each)).join("; ")}`);
      if (waited % 5_000 === 0)
        for (const { address } of followers.filter((each) => each.isLoop && !isBack(each)))
          world.publish([world.reliable(address)], 1);
      await clock.advance(500);
    }
    await clock.advance(TRIM);
  } while (!isAllBack() && world.violation === null);
  await prove(world, "a doorbell is heard at once", EPSILON);
  weather.doorbell = "lost";
  await prove(world, "a lost doorbell costs a poll", POLL + EPSILON);
  weather.doorbell = "good";
  // A loop may still be on its way from page to page, and a client may have been sent away meanwhile.
  for (let late = 0; !diaries.every((each) => hasNewest(world, each)); late += 500) {
    if (late > COMEBACK)
      return world.onViolation(`everybody comes back: ${diaries.filter((each) => !hasNewest(world, each)).join("; ")}`);
    await clock.advance(500);
  }
}

/**
 * The number of what a follower should have last. Null while there is nothing, and while all that is new is hidden from
 * it.
 */
function newestOwed(world: World, diary: Diary): number | null {
  const newest = world.truth.reliableOf(diary.address.path).at(-1);
  return diary.isClosed || newest === undefined || isNewestHidden(world, diary) ? null : newest.n;
}

function isNewestHidden({ truth }: World, { program, address }: Diary): boolean {
  const newest = truth.reliableOf(address.path).at(-1);
  return newest !== undefined && truth.rights.hides(program.viewer, address.path, newest);
}

function hasNewest(world: World, diary: Diary): boolean {
  const n = newestOwed(world, diary);
  if (n === null) return true;
  return diary.seen.some((each) =>
    each.kind === "event" ? each.n === n : each.kind === "state" && each.said.includes(n),
  );
}

/** Publishes everywhere; everybody who follows hears of it in time. */
async function prove(world: World, law: string, milliseconds: number): Promise<void> {
  const { clock, diaries } = world;
  const events = [...rooms, ...feeds, ...viewers.map((user) => contract.inbox({ user }))].map((address) =>
    world.reliable(address),
  );
  const before = new Map(
    diaries.filter(({ isLive }) => isLive).map((each) => [each, [each.seen.length, each.program.changes]]),
  );
  // Where there are transactions, nobody but the file can tell the hubs of them.
  const transaction = Transaction.begin(world, world.server);
  for (const event of events) {
    if (transaction === null) world.publish([event], 1);
    else transaction.publish(event);
    // One doorbell may ring while the log is read because of another.
    for (let turns = world.random() * 12; turns > 0; turns--) await Promise.resolve();
  }
  transaction?.commit();
  await clock.advance(milliseconds);
  for (const [diary, [seenBefore, changes]] of before) {
    // Whoever is sent away meanwhile, or was before, or falls into a gap, comes back for it; that it does, the oracle
    // will see.
    if (!diary.isLive || diary.program.changes !== changes) continue;
    const n = newestOwed(world, diary);
    if (n !== null && !diary.seen.slice(seenBefore).some((seen) => seen.kind === "event" && seen.n === n))
      return world.onViolation(`${law}: ${n} is not with ${String(diary)} after ${milliseconds} ms`);
  }
}

/** Everybody leaves, and nothing is left behind. */
export async function leave(world: World): Promise<void> {
  const { clock, clients, servers, formerServers } = world;
  for (const { client } of clients) client.close();
  world.plain?.leave();
  await clock.settle();
  await Promise.all(servers.map((server) => server.close()));
  await clock.advance(world.hasSlowAnswers ? READ_TIME : 0);
  const all = [...servers, ...formerServers];
  const left = {
    timers: clock.pending,
    "timers of servers": sum(all.map((server) => server.clock.pending)),
    "doorbells of servers": sum(all.map(({ log }) => log.watchers)),
    connections: sum(all.map(({ hub }) => hub.stats().connections)),
    exchanges: world.programs.exchanges.filter(({ isOpen }) => isOpen).length,
  };
  if (sum(Object.values(left)) > 0) world.onViolation(`nothing is left behind: ${JSON.stringify(left)}`);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
