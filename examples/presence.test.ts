import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { memoryLog, type EventLog } from "@tidings/log";
import { systemClock } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/server/test/virtual-clock.ts";
import { presence, startPresence, watchRoom } from "./presence.ts";

/** How long a fact may take on a real socket, in milliseconds; it takes some. */
const PATIENCE = { timeout: 10_000 };

/** A server in virtual time, and what can be seen from there. */
async function start(time: VirtualClock, log: EventLog) {
  const clock = { ...systemClock, now: time.now, setTimeout: time.setTimeout.bind(time) };
  const { hub, server, close } = startPresence(0, log, clock);
  onTestFinished(async () => {
    await close();
    server.close();
  });
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;

  /** Opens a tab; what it returns closes it. */
  const open = async (user: string): Promise<() => Promise<void>> => {
    const tab = new AbortController();
    await fetch(`${url}?channel=rooms/lobby@now`, { headers: { "x-user": user }, signal: tab.signal });
    return async () => {
      const before = hub.stats().connections - 1;
      tab.abort();
      await expect.poll(() => hub.stats().connections, PATIENCE).toBe(before);
    };
  };
  /** A page is no stream, so whoever looks is not there. */
  const look = async (query: string): Promise<Page> => {
    const response = await fetch(`${url}?channel=rooms/lobby${query}`, { headers: { accept: "application/json" } });
    return (await response.json()) as Page;
  };
  const people = async () => (await look("@now")).events.map(({ data }) => data?.id);
  return { hub, url, open, look, people };
}

interface Page {
  readonly events: readonly { readonly data?: { readonly id: string }; readonly clear?: string }[];
  readonly cursor: string;
}

async function startOne() {
  const time = new VirtualClock();
  return { time, ...(await start(time, memoryLog({ now: time.now }))) };
}

test("whoever comes is there at once, and again after every renewal", async () => {
  const { time, open, people } = await startOne();
  expect(await people()).toEqual([]);
  await open("ada");
  expect(await people()).toEqual(["ada"]);
  await open("bob");
  expect(await people()).toEqual(["ada", "bob"]);
  await time.advance(120_000);
  expect(await people()).toEqual(["ada", "bob"]);
});

test("two tabs are one person, who leaves with the last of them, two seconds later", async () => {
  const { time, open, look, people } = await startOne();
  const closeFirst = await open("ada");
  const closeSecond = await open("ada");
  expect(await people()).toEqual(["ada"]);
  await closeSecond();
  await time.advance(60_000);
  expect(await people()).toEqual(["ada"]);

  const { cursor } = await look("");
  await closeFirst();
  await time.advance(1_999);
  expect(await people()).toEqual(["ada"]);
  await time.advance(1);
  expect(await people()).toEqual([]);
  expect((await look(`&after=${cursor}`)).events).toMatchObject([{ clear: expect.stringMatching(/^ada /) }]);
});

test("a page that is reloaded has not left, however often", async () => {
  const { time, open, look } = await startOne();
  let close = await open("ada");
  const { cursor } = await look("");
  for (let reload = 0; reload < 3; reload++) {
    await close();
    await time.advance(1_500);
    close = await open("ada");
  }
  await time.advance(10_000);
  const { events } = await look(`&after=${cursor}`);
  expect(events.filter(({ clear }) => clear !== undefined)).toEqual([]);
});

test("who was away while the log has dropped departures, and comes back elsewhere, shows nobody who has left", async () => {
  const time = new VirtualClock();
  const log = memoryLog({ now: time.now, keep: { entries: 1 } });
  const first = await start(time, log);
  const closeTabs = [await first.open("ada"), await first.open("bob")];
  await first.open("cleo");
  let url: string | Promise<string> = first.url;
  const client = createClient(presence, { url: () => url, headers: { "x-user": "dan" }, random: () => 0 });
  onTestFinished(() => client.close());
  const seen: (readonly string[])[] = [];
  watchRoom(client, "lobby", (ids) => seen.push(ids));
  await expect.poll(() => new Set(seen.at(-1)), PATIENCE).toEqual(new Set(["ada", "bob", "cleo", "dan"]));

  // Dan comes back when the second server is there, whose ring begins after the departures.
  let moveTo = (_url: string): void => {};
  url = new Promise((resolve) => (moveTo = resolve));
  await first.hub.disconnect({ viewer: "dan" });
  await expect.poll(() => first.hub.stats().connections, PATIENCE).toBe(3);
  for (const close of closeTabs) await close();
  await time.advance(2_000);
  const second = await start(time, log);
  moveTo(second.url);
  // At once: no renewal is waited for.
  await expect.poll(() => new Set(seen.at(-1)), PATIENCE).toEqual(new Set(["cleo", "dan"]));
});

test.each([
  // Both servers trim every five seconds; the survivor began so many milliseconds after the other.
  [0, 24_000],
  [1_000, 25_000],
  [4_000, 28_000],
])("the people of a killed server are gone within 30 s: began %i ms later, after %i ms", async (later, gone) => {
  // The log goes by the survivor's clock. A killed server is one whose clock stands still: it neither renews nor withdraws.
  const [killed, time] = [new VirtualClock(), new VirtualClock()];
  const log = memoryLog({ now: time.now });
  const victim = await start(killed, log);
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= 1_000) {
      // What the victim says at a moment, the log dates with that moment.
      await time.advance(1_000);
      await killed.advance(1_000);
    }
  };
  await pass(later);
  const survivor = await start(time, log);
  await victim.open("ada");
  await survivor.open("bob");
  const client = createClient(presence, { url: survivor.url, headers: { "x-user": "bob" } });
  onTestFinished(() => client.close());
  const seen: (readonly string[])[] = [];
  watchRoom(client, "lobby", (ids) => seen.push(ids));
  // The second renewal of the victim is its last.
  await pass(16_000 - later);
  await expect.poll(() => seen.at(-1), PATIENCE).toEqual(["ada", "bob"]);
  const { cursor } = await survivor.look("");

  const cleared = async () => (await survivor.look(`&after=${cursor}`)).events.flatMap(({ clear }) => clear ?? []);
  await time.advance(23_999);
  expect(new Set(await survivor.people())).toEqual(new Set(["ada", "bob"]));
  // Whoever comes now does not see her any more; those who are there are told by the next trim.
  await time.advance(1);
  expect(await survivor.people()).toEqual(["bob"]);
  if (gone > 24_000) await time.advance(gone - 24_001);
  expect(await cleared()).toHaveLength(gone > 24_000 ? 0 : 1);
  if (gone > 24_000) await time.advance(1);
  expect(await cleared()).toEqual([expect.stringMatching(/^ada /)]);
  await expect.poll(() => seen.at(-1), PATIENCE).toEqual(["bob"]);
});
