import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../../tcp-proxy.ts";
import { amount, PATIENCE, progress, record } from "../long-run.ts";
import { buildChatProgram } from "../../build-program.ts";
import { startChatProcess } from "../server-process.ts";
import type { Onlooker } from "./onlooker.ts";
import { NAMES, Person } from "./person.ts";
import { RandomFaults } from "./random-faults.ts";
import { ServerPair } from "./server-pair.ts";
import type { Tables } from "./tables.ts";

/** Minutes of actions and faults. The comparisons between them take longer. */
const MINUTES = amount(1, 60);
/** Milliseconds of actions and faults between two comparisons. */
const ROUND = 20_000;
const ROUNDS = (MINUTES * 60_000) / ROUND;
/** Milliseconds until everybody has everything: ten times the 37 seconds until a half-open connection is noticed. */
const RECOVERY = 375_000;
/** Milliseconds between two looks at whether that is so. */
const INTERVAL = 100;
/** How many messages the snapshot of a room has, and a page of history. */
const SNAPSHOT = 50;

/** Where the servers keep rows and events, and the faults of that. */
interface Storage {
  /** Under this name, a long run is recorded. */
  readonly subject: string;
  /** The value of `TIDINGS_LOG`. */
  readonly log: string;
  /** How many actions people do in a minute at least. With less load, the test would prove little. */
  readonly actions: number;
  readonly read: () => Tables | Promise<Tables>;
  readonly faults: ConstructorParameters<typeof RandomFaults>[2];
}

/** A test that runs the chat on this storage, with random actions and faults. */
export function testSoak(name: string, setUp: () => Promise<Storage>): void {
  test(
    `${MINUTES} minutes of random actions and faults: at rest, everybody sees of the chat what tables in ${name} have`,
    { timeout: PATIENCE + RECOVERY },
    async () => expectAgreementThroughFaults(await setUp()),
  );
}

async function expectAgreementThroughFaults(storage: Storage): Promise<void> {
  const program = await buildChatProgram();
  const servers = await ServerPair.start(() => startChatProcess(program, storage.log));
  const proxy = await createProxy(() => servers.port);
  onTestFinished(() => proxy.close());
  const people = NAMES.map((person) => new Person(person, `http://127.0.0.1:${proxy.port}`));
  onTestFinished(() => people.forEach((person) => person.leave()));
  const faults = new RandomFaults(proxy, servers, storage.faults);
  await Promise.all(people.map((person) => person.openTab()));

  let slowest = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const endOfRound = performance.now() + ROUND;
    const isOver = (): boolean => performance.now() > endOfRound;
    const acting = people.map((person) => person.actUntil(isOver));
    await Promise.all([...acting, faults.happenUntil(isOver)]);
    slowest = Math.max(slowest, await compare(people, storage));
    progress(`${round} of ${ROUNDS} comparisons`);
  }
  await servers.untilStopped();

  const sum = (count: (person: Person) => number): number => people.reduce((total, person) => total + count(person), 0);
  const figures = {
    minutes: MINUTES,
    actions: sum(({ actions }) => actions),
    retried: sum(({ failures }) => failures),
    ...faults.counts,
    comparisons: ROUNDS,
    "slowest to agree": `${(slowest / 1_000).toFixed(1)} s`,
  };
  console.log(storage.subject, figures);
  record(storage.subject, figures);
  expect(sum(({ actions }) => actions)).toBeGreaterThan(MINUTES * storage.actions);
  expect(faults.counts["kills"]).toBeGreaterThan(MINUTES);
  for (const [, fault] of storage.faults) expect(faults.counts[fault.name]).toBeGreaterThan(0);
}

/** Waits until every tab agrees with the tables, and expects that. Returns how long it took, in milliseconds. */
async function compare(people: readonly Person[], storage: Storage): Promise<number> {
  const said = people.flatMap((person) => person.said);
  let tables = await storage.read();
  expect(tables.texts().toSorted()).toEqual(said.toSorted());

  const names = people.map(({ name }) => name).toSorted();
  const onlookers = people.flatMap((person) => person.onlookers);
  const signedOutTabs = people.flatMap(({ signedOut }) => signedOut.splice(0));
  /** The number of the first message in a snapshot that is loaded now. */
  const oldest = (roomId: string): number => Math.max(1, tables.newest(roomId) - SNAPSHOT + 1);
  const agrees = (onlooker: Onlooker): boolean =>
    isDeepStrictEqual(onlooker.online, names) && isDeepStrictEqual(onlooker.picture(), tables.pictureFor(onlooker));
  const isSettled = (): boolean => onlookers.every(agrees) && signedOutTabs.every(({ closed }) => closed !== null);
  const hasFailed = (): boolean => onlookers.some(({ surprises }) => surprises.length > 0);
  const begin = performance.now();
  while (!isSettled() && !hasFailed() && performance.now() - begin < RECOVERY) {
    await delay(INTERVAL);
    tables = await storage.read();
  }

  for (const onlooker of onlookers) {
    expect(onlooker.surprises, String(onlooker)).toEqual([]);
    expect(onlooker.picture(), String(onlooker)).toEqual(tables.pictureFor(onlooker));
    expect(onlooker.online, String(onlooker)).toEqual(names);
    expect(onlooker.closed, String(onlooker)).toBe(null);
    for (const [roomId, since] of onlooker.since) {
      expect(since, `${String(onlooker)} in ${roomId}`).toBeLessThanOrEqual(oldest(roomId));
      expect(await onlooker.history(roomId, SNAPSHOT)).toEqual(tables.messages(roomId, oldest(roomId)));
    }
  }
  for (const { closed } of signedOutTabs) expect(closed).toBe("unauthenticated");
  return performance.now() - begin;
}
