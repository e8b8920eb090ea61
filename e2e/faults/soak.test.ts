import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { freshFolder } from "../fresh-folder.ts";
import { createProxy } from "../tcp-proxy.ts";
import { amount, PATIENCE, progress, record } from "./long-run.ts";
import { buildChat } from "./program.ts";
import { startChatProcess } from "./server-process.ts";
import { Mishaps } from "./soak/mishaps.ts";
import type { Onlooker } from "./soak/onlooker.ts";
import { NAMES, Person } from "./soak/person.ts";
import { Servers } from "./soak/servers.ts";
import { Tables } from "./soak/tables.ts";

const MINUTES = amount(1, 60);
/** Milliseconds of deeds and mishaps between two comparisons. */
const ROUND = amount(8_000, 20_000);
/** Milliseconds within which everybody has everything: ten times the half minute after which a half-open connection is noticed. */
const COMEBACK = 375_000;
const LOOK = 50;
/** Messages of a room's state, and of a page of history. */
const STATE = 50;

test(
  `${MINUTES} minutes of random deeds and kills: everybody's picture of the chat is what its tables say, whenever it is quiet`,
  async () => {
    const path = join(await freshFolder(), "chat.db");
    const program = await buildChat();
    const servers = await Servers.start(() => startChatProcess(program, path));
    const proxy = await createProxy(() => servers.port);
    onTestFinished(() => proxy.close());
    const tables = new Tables(path);
    onTestFinished(() => tables.close());
    const people = NAMES.map((name) => new Person(name, `http://127.0.0.1:${proxy.port}`));
    onTestFinished(() => people.forEach((person) => person.leave()));
    const mishaps = new Mishaps(proxy, servers);
    await Promise.all(people.map((person) => person.openTab()));

    let rounds = 0;
    let slowest = 0;
    for (const end = performance.now() + MINUTES * 60_000; performance.now() < end; rounds++) {
      const quiet = performance.now() + ROUND;
      const isQuiet = (): boolean => performance.now() > quiet;
      const acting = people.map((person) => person.liveUntil(isQuiet));
      await Promise.all([...acting, mishaps.happenUntil(isQuiet)]);
      slowest = Math.max(slowest, await compare(people, tables));
      progress(`${rounds + 1} comparisons, ${Math.round((end - performance.now()) / 60_000)} minutes to go`);
    }
    await servers.rest();

    const sum = (count: (person: Person) => number): number =>
      people.reduce((total, person) => total + count(person), 0);
    record("soak of the chat", {
      minutes: MINUTES,
      deeds: sum(({ deeds }) => deeds),
      retried: sum(({ failures }) => failures),
      ...mishaps.counts,
      comparisons: rounds,
      "slowest to agree": `${(slowest / 1_000).toFixed(1)} s`,
    });
    // It was worth it.
    expect(sum(({ deeds }) => deeds)).toBeGreaterThan(MINUTES * 200);
    expect(mishaps.counts["kills"]).toBeGreaterThan(MINUTES);
  },
  PATIENCE + COMEBACK,
);

/** Waits until everybody has everything, and expects that it is so. Returns how long it took, in milliseconds. */
async function compare(people: readonly Person[], tables: Tables): Promise<number> {
  const said = people.flatMap((person) => person.said);
  expect(tables.texts().toSorted()).toEqual(said.toSorted());

  const names = people.map(({ name }) => name).toSorted();
  const onlookers = people.flatMap((person) => person.onlookers);
  const gone = people.flatMap(({ signedOut }) => signedOut.splice(0));
  /** The first message of a state that is loaded now. */
  const oldest = (roomId: string): number => Math.max(1, tables.newest(roomId) - STATE + 1);
  const agrees = (onlooker: Onlooker): boolean =>
    isDeepStrictEqual(onlooker.online, names) && isDeepStrictEqual(onlooker.picture(), tables.pictureFor(onlooker));
  const isSettled = (): boolean => onlookers.every(agrees) && gone.every(({ closed }) => closed !== null);
  const isWrong = (): boolean => onlookers.some(({ surprises }) => surprises.length > 0);
  const begin = performance.now();
  while (!isSettled() && !isWrong() && performance.now() - begin < COMEBACK) await delay(LOOK);

  for (const onlooker of onlookers) {
    expect(onlooker.surprises, String(onlooker)).toEqual([]);
    expect(onlooker.picture(), String(onlooker)).toEqual(tables.pictureFor(onlooker));
    expect(onlooker.online, String(onlooker)).toEqual(names);
    expect(onlooker.closed, String(onlooker)).toBe(null);
    for (const [roomId, since] of onlooker.since) {
      expect(since, `${String(onlooker)} in ${roomId}`).toBeLessThanOrEqual(oldest(roomId));
      expect(await onlooker.history(roomId, STATE)).toEqual(tables.messages(roomId, oldest(roomId)));
    }
  }
  for (const { closed } of gone) expect(closed).toBe("unauthenticated");
  return performance.now() - begin;
}
