import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { amount, PATIENCE, progress, record } from "./long-run.ts";
import { buildChatProgram } from "../build-program.ts";
import { startChatProcess } from "./server-process.ts";
import type { Onlooker } from "./soak/onlooker.ts";
import { NAMES, Person } from "./soak/person.ts";
import { RandomFaults } from "./soak/random-faults.ts";
import { ServerPair } from "./soak/server-pair.ts";
import { Tables } from "./soak/tables.ts";

const MINUTES = amount(1, 60);
/** Milliseconds of actions and faults between two comparisons. */
const ROUND = amount(8_000, 20_000);
/** Milliseconds until everybody has everything: ten times the 37 seconds until a half-open connection is noticed. */
const RECOVERY = 375_000;
/** Milliseconds between two looks at whether that is so. */
const INTERVAL = 50;
/** How many messages the snapshot of a room has, and a page of history. */
const SNAPSHOT = 50;

test(
  `${MINUTES} minutes of random actions and faults: at rest, everybody's picture of the chat agrees with its tables`,
  async () => {
    const path = await temporaryPath("chat.db");
    const program = await buildChatProgram();
    const servers = await ServerPair.start(() => startChatProcess(program, path));
    const proxy = await createProxy(() => servers.port);
    onTestFinished(() => proxy.close());
    const tables = new Tables(path);
    onTestFinished(() => tables.close());
    const people = NAMES.map((name) => new Person(name, `http://127.0.0.1:${proxy.port}`));
    onTestFinished(() => people.forEach((person) => person.leave()));
    const faults = new RandomFaults(proxy, servers);
    await Promise.all(people.map((person) => person.openTab()));

    let rounds = 0;
    let slowest = 0;
    for (const end = performance.now() + MINUTES * 60_000; performance.now() < end; rounds++) {
      const endOfRound = performance.now() + ROUND;
      const isOver = (): boolean => performance.now() > endOfRound;
      const acting = people.map((person) => person.actUntil(isOver));
      await Promise.all([...acting, faults.happenUntil(isOver)]);
      slowest = Math.max(slowest, await compare(people, tables));
      progress(`${rounds + 1} comparisons, ${Math.round((end - performance.now()) / 60_000)} minutes to go`);
    }
    await servers.untilStopped();

    const sum = (count: (person: Person) => number): number =>
      people.reduce((total, person) => total + count(person), 0);
    record("soak of the chat", {
      minutes: MINUTES,
      actions: sum(({ actions }) => actions),
      retried: sum(({ failures }) => failures),
      ...faults.counts,
      comparisons: rounds,
      "slowest to agree": `${(slowest / 1_000).toFixed(1)} s`,
    });
    // With less load, the test would prove little.
    expect(sum(({ actions }) => actions)).toBeGreaterThan(MINUTES * 200);
    expect(faults.counts["kills"]).toBeGreaterThan(MINUTES);
  },
  PATIENCE + RECOVERY,
);

/** Waits until every tab agrees with the tables, and expects that. Returns how long it took, in milliseconds. */
async function compare(people: readonly Person[], tables: Tables): Promise<number> {
  const said = people.flatMap((person) => person.said);
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
