import { chat } from "@tidings-apps/chat-contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock, type Clock } from "@tidings/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPresence } from "./presence.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Virtual time: vitest moves it. */
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
  /** How many events have been told, withdrawals included; superseded ones are not among them. */
  const told = async () => (await log.read(await start, ["presence"], limit)).entries.map(({ data }) => data !== null);
  return { hub, log, names, told };
}

test("the first stream of somebody tells that they are here, the last one that they have left, after three seconds", async () => {
  const { hub, names, told } = open();
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
  expect(await told()).toEqual([false]);
});

test("a page that is reloaded does not flicker: nothing is told", async () => {
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

test("whoever is here stays so for as long as a stream is open, by a renewal every eight seconds", async () => {
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
  // Two arrivals, and two renewals at each of 15 times.
  expect((await log.head()).seq).toBe(2 + 15 * 2);
});

test("nothing is renewed when nobody is here, and the next one starts it again", async () => {
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

test("those of a process that was killed have left within thirty seconds, and those who look on are told", async () => {
  const { hub, names, told } = open();
  const killed = createPresence(hub, clock);
  const running = createPresence(hub, clock);
  killed.connect("ada");
  running.connect("bo");
  await pass(60_000);
  // No goodbye, and no more renewals.
  killed.close();
  await pass(29_000);
  expect(await names()).toEqual(["bo"]);
  expect((await told()).filter((isHere) => !isHere)).toHaveLength(1);
});

test("somebody who is at two servers is here until both have lost them", async () => {
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

test("a process that closes leaves what it has told, so that a restart shows nobody leaving", async () => {
  const { hub, names, told } = open();
  const presence = createPresence(hub, clock);
  presence.connect("ada");
  await pass(0);
  presence.close();
  presence.disconnect("ada");
  presence.connect("bo");
  await pass(10_000);
  expect(await names()).toEqual(["ada"]);
  expect(await told()).toEqual([true]);
});
