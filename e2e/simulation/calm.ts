import type { Actor } from "./actor.ts";
import { feeds, contract, job, rooms, viewers } from "./contract.ts";
import type { Fact } from "./fact.ts";
import { GOOD } from "./faulty-log.ts";
import type { Diary } from "./diary.ts";
import type { Follower } from "./follower.ts";
import { Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/** The most milliseconds that a slow read of the log takes. */
const READ_TIME = 13_000;
/** Milliseconds within which everything that needs no time happens. */
const EPSILON = 50;
/** How often a hub reads its log without a doorbell, in milliseconds. */
const POLL = 1_000;
/**
 * The most milliseconds that a client needs to come back when nothing hinders it: the longest retry delay, and a page.
 */
const COMEBACK = 150_000;
/** Milliseconds between two events for loops that are not back. */
const LURE = 5_000;
/** A hub trims its log more often than this, in milliseconds. Trimming withdraws expired values. */
const TRIM = 5_500;

/**
 * All faults end. Then every follower has to come back and to get what it is owed. If it does not, that is a violation.
 */
export async function heal(world: World): Promise<void> {
  const { clock, clients, weather, followers, diaries } = world;
  const { networks } = world.programs;
  Object.assign(weather, GOOD);
  world.isCalm = true;
  await world.failOverNow();
  for (const program of clients) world.setOnline(program, true);
  for (const { open } of networks) {
    for (const exchange of open) exchange.release();
  }
  for (const follower of followers) follower.readOn();
  for (const { transaction } of world.servers) transaction?.commit();
  // A read that began earlier may still be slow.
  if (world.hasSlowAnswers) await clock.advance(READ_TIME);
  // Hubs check deadlines once a second.
  if (world.lastExpiry > 0) await clock.advance(Math.max(0, world.lastExpiry - clock.time) + 1_100);

  const begun = world.truth.next();
  /**
   * A loop has no status. It is back when it has got a new event. A loop that still waits for its first page begins
   * after the events that are published meanwhile, and is not owed them; so events are published until it has got one.
   */
  const isBack = (each: Diary): boolean =>
    each.isClosed || (each.isLoop ? (each.seen.at(-1)?.tick ?? 0) > begun || isNewestHidden(world, each) : each.isLive);
  const isAllBack = (): boolean =>
    diaries.every(isBack) &&
    clients.every(({ client }) => client.status.value.state !== "retrying") &&
    networks.every(({ open }) => [...open].every(({ isDead }) => !isDead));
  // Twice: a follower that seemed to be back may not have noticed yet that the log was replaced.
  let waited = 0;
  do {
    for (; !isAllBack() && world.violation === null; waited += 500) {
      if (waited > COMEBACK) {
        return world.onViolation(`every follower comes back: ${diaries.filter((each) => !isBack(each)).join("; ")}`);
      }
      if (waited % LURE === 0) lure(world, isBack);
      await clock.advance(500);
    }
    await clock.advance(TRIM);
  } while (!isAllBack() && world.violation === null);
  await proveDoorbell(world);
  weather.doorbell = "lost";
  await prove(world, "a lost doorbell costs a poll", POLL + EPSILON);
  weather.doorbell = "good";
  for (const actor of world.actors) await actor.prove();
  // Meanwhile a loop may still read pages, and the server may have ended a stream. Retention may have dropped the
  // withdrawal of a value that has expired: a follower that had the value gets a gap, and loads the values again.
  // And a loop from which the newest event was hidden may have met a loss only now: it is owed what comes after that.
  const hasItsNewest = (each: Diary): boolean => hasNewest(world, each);
  const lateActors = (): Actor[] => world.actors.filter(({ isDone }) => !isDone);
  const waiting = (): Follower[] => followers.filter(({ isClosed, waits }) => !isClosed && waits > 0);
  const isDone = (): boolean =>
    isAllBack() &&
    lateActors().length === 0 &&
    diaries.every(hasItsNewest) &&
    (waiting().length === 0 || world.violation !== null);
  for (let late = 0; !isDone(); late += 500) {
    if (late > COMEBACK) {
      if (waiting().length > 0) world.onViolation(`a wait for an event ends: ${waiting().join("; ")}`);
      const lacking = diaries.filter((each) => !hasItsNewest(each)).map(String);
      return world.onViolation(`every follower comes back: ${[...lacking, ...lateActors().map(String)].join("; ")}`);
    }
    if (late > 0 && late % LURE === 0) lure(world, hasItsNewest);
    await clock.advance(500);
  }
}

/** Publishes to every loop that is not back: it may be owed only what comes from now on. */
function lure(world: World, isBack: (diary: Diary) => boolean): void {
  for (const { address } of world.followers.filter((each) => each.isLoop && !isBack(each))) {
    world.publish([world.events.reliable(address)], 1);
  }
}

/** The newest event that a follower should have. Null while there is none, and while it is hidden from the follower. */
function newestOwed(world: World, diary: Diary): Fact | null {
  const newest = world.truth.reliableOf(diary.address.path).at(-1);
  return diary.isClosed || newest === undefined || isNewestHidden(world, diary) ? null : newest;
}

function isNewestHidden({ truth }: World, { program, address }: Diary): boolean {
  const newest = truth.reliableOf(address.path).at(-1);
  return newest !== undefined && truth.rights.hides(program.viewer, address.path, newest);
}

function hasNewest(world: World, diary: Diary): boolean {
  const newest = newestOwed(world, diary);
  if (newest === null) return true;
  const { n, goneTick } = newest;
  return diary.seen.some((each) => {
    // When retention has dropped it, a gap says so.
    if (each.kind === "gap") return each.tick > goneTick;
    return each.kind === "event" ? each.n === n : each.kind === "state" && each.said.includes(n);
  });
}

/** Publishes to every address. As all doorbells ring, every follower has to get its event at once. */
export function proveDoorbell(world: World): Promise<void> {
  return prove(world, "a doorbell is heard at once", EPSILON);
}

/** Publishes to every address. Every follower has to get its event in time. */
async function prove(world: World, law: string, milliseconds: number): Promise<void> {
  const { clock, diaries } = world;
  // The job goes on, as long as somebody still follows it.
  const jobs = diaries.some(({ address, isLive, isClosed }) => address === job && isLive && !isClosed) ? [job] : [];
  const events = [...rooms, ...feeds, ...jobs, ...viewers.map((user) => contract.inbox({ user }))].map((address) =>
    world.events.reliable(address),
  );
  const before = new Map(
    diaries.filter(({ isLive }) => isLive).map((each) => [each, [each.seen.length, each.program.changes]]),
  );
  // After a transaction, only the file tells the hubs about the new events.
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
    // A follower without a stream, or with a gap, gets the event later. The oracle checks that it does.
    if (!diary.isLive || diary.program.changes !== changes) continue;
    const { n, goneTick } = newestOwed(world, diary) ?? { n: 0, goneTick: 0 };
    // What retention may have dropped is owed to nobody any more.
    if (goneTick === Infinity && !diary.seen.slice(seenBefore).some((seen) => seen.kind === "event" && seen.n === n)) {
      return world.onViolation(`${law}: ${n} did not reach ${String(diary)} within ${milliseconds} ms`);
    }
  }
}

/** All clients and servers close. Nothing may remain open. */
export async function leave(world: World): Promise<void> {
  const { clock, clients, servers, formerServers } = world;
  for (const { client } of clients) client.close();
  world.plain?.leave();
  for (const actor of world.actors) actor.leave();
  await clock.settle();
  // The streams of a server may need several turns to say that it closes.
  const closing = Promise.all(servers.map((server) => server.close()));
  await clock.advance(world.hasSlowAnswers ? READ_TIME : 0);
  await closing;
  const all = [...servers, ...formerServers];
  const remaining = {
    timers: clock.pending,
    "timers of servers": sum(all.map((server) => server.clock.pending)),
    "doorbells of servers": sum(all.map(({ log }) => log.watchers)),
    connections: sum(all.map(({ hub }) => hub.stats().connections)),
    "paths that are followed": sum(servers.map(({ hub }) => hub.stats().channels)),
    exchanges: world.programs.exchanges.filter(({ isOpen }) => isOpen).length,
  };
  if (sum(Object.values(remaining)) > 0) world.onViolation(`nothing remains open: ${JSON.stringify(remaining)}`);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
