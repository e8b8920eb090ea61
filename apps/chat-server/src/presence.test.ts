import { chat } from "@tidings-apps/chat-contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock, type Clock } from "@tidings/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPresence, MOST_ONLINE } from "./presence.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Virtual time: the tests advance it. */
const clock: Clock = { ...systemClock, now: () => Date.now() };
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function open() {
  const log = memoryLog();
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const hub = createHub(chat, {
    log,
    clock,
    authorize: () => true,
    snapshot: { room: empty, directory: empty, inbox: empty },
  });
  const limit = { entries: 1_000, bytes: 1_000_000 };
  const start = log.head();
  const names = async () => {
    const { entries } = await log.current(["presence"], null, limit);
    return entries.map(({ data }) => (JSON.parse(data ?? "") as { name: string }).name);
  };
  /** The current events: true for a value, false for a withdrawal. Superseded values are not among them. */
  const readEvents = async () => {
    const { entries } = await log.read(await start, ["presence"], limit);
    return entries.map(({ data }) => data !== null);
  };
  return { hub, log, names, readEvents };
}

test("somebody is online with their first stream, and offline three seconds after their last stream ends", async () => {
  const { hub, names, readEvents } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  presence.connect("ada");
  await pass(0);
  expect(await names()).toEqual(["ada"]);
  presence.disconnect("ada");
  await pass(4_000);
  expect(await names()).toEqual(["ada"]);
  presence.disconnect("ada");
  await pass(2_999);
  expect(await names()).toEqual(["ada"]);
  await pass(1);
  expect(await names()).toEqual([]);
  expect(await readEvents()).toEqual([false]);
});

test("a reload of the page publishes nothing, so nobody flickers", async () => {
  const { hub, log, names } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  await pass(0);
  const before = await log.head();
  presence.disconnect("ada");
  await pass(2_900);
  presence.connect("ada");
  await pass(5_000);
  expect(await log.head()).toEqual(before);
  expect(await names()).toEqual(["ada"]);
});

test("everybody stays online while a stream of theirs is open, with a renewal every eight seconds", async () => {
  const { hub, log, names } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  await pass(500);
  presence.connect("bo");
  await pass(0);
  for (let second = 0; second < 120; second++) {
    await pass(1_000);
    expect((await names()).sort()).toEqual(["ada", "bo"]);
  }
  // Two first values, then 15 rounds of two renewals.
  expect((await log.head()).seq).toBe(2 + 15 * 2);
});

test("nothing is renewed while nobody is online, and the next person starts the renewals again", async () => {
  const { hub, log, names } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  presence.disconnect("ada");
  await pass(60_000);
  const { seq } = await log.head();
  expect(seq).toBe(2);
  presence.connect("ada");
  await pass(60_000);
  expect(await names()).toEqual(["ada"]);
});

test("the people of a killed process are offline within thirty seconds, and the others receive an event", async () => {
  const { hub, names, readEvents } = open();
  const killed = createPresence(hub, clock);
  const running = createPresence(hub, clock);
  killed.connect("ada");
  running.connect("bo");
  await pass(60_000);
  // A killed process withdraws nothing and renews nothing.
  killed.close();
  await pass(29_000);
  expect(await names()).toEqual(["bo"]);
  expect((await readEvents()).filter((isOnline) => !isOnline)).toHaveLength(1);
});

test("somebody with streams at two servers is online until both streams have ended", async () => {
  const { hub, names } = open();
  const [first, second] = [createPresence(hub, clock), createPresence(hub, clock)];
  first.connect("ada");
  second.connect("ada");
  await pass(0);
  expect(await names()).toEqual(["ada", "ada"]);
  first.disconnect("ada");
  await pass(3_000);
  expect(await names()).toEqual(["ada"]);
});

test("a process that closes withdraws nothing, so that nobody seems to leave during a restart", async () => {
  const { hub, names, readEvents } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  await pass(0);
  presence.close();
  presence.disconnect("ada");
  presence.connect("bo");
  await pass(10_000);
  expect(await names()).toEqual(["ada"]);
  expect(await readEvents()).toEqual([true]);
});

test("a process shows a bounded number of people, and the next one when somebody has left", async () => {
  const { hub, names } = open();
  const presence = createPresence(hub, clock);
  const everybody = Array.from({ length: MOST_ONLINE + 100 }, (_, index) => `person ${index}`);
  for (const name of everybody) presence.connect(name);
  await pass(8_000);
  expect(await names()).toEqual(everybody.slice(0, MOST_ONLINE));
  presence.disconnect(`person ${MOST_ONLINE + 1}`);
  presence.disconnect("person 3");
  presence.disconnect("person 4");
  await pass(8_000);
  const shown = await names();
  expect(shown).toHaveLength(MOST_ONLINE);
  expect(shown).toEqual(expect.arrayContaining([`person ${MOST_ONLINE}`, `person ${MOST_ONLINE + 2}`]));
  presence.close();
});
