import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { memoryLog, type EventLog } from "@tidings/log";
import { systemClock } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { presence, startPresence, watchRoom } from "./presence.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

/** Starts a server in virtual time. */
async function start(time: VirtualClock, log: EventLog) {
  const clock = { ...systemClock, now: time.now, setTimeout: time.setTimeout.bind(time) };
  const { hub, server, close } = startPresence(0, log, clock);
  onTestFinished(async () => {
    await close();
    server.close();
  });
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;

  /** Opens a tab. Returns a function that closes it. */
  const open = async (user: string): Promise<() => Promise<void>> => {
    const tab = new AbortController();
    await fetch(`${url}?channel=rooms/lobby@now`, { headers: { "x-user": user }, signal: tab.signal });
    return async () => {
      const before = hub.stats().connections - 1;
      tab.abort();
      await expect.poll(() => hub.stats().connections, POLL).toBe(before);
    };
  };
  /** Reads a page of the room. A page is not a stream, so its reader does not count as a person in the room. */
  const readPage = async (query: string): Promise<Page> => {
    const response = await fetch(`${url}?channel=rooms/lobby${query}`, { headers: { accept: "application/json" } });
    return (await response.json()) as Page;
  };
  const people = async () => (await readPage("@now")).events.map(({ data }) => data?.id);
  return { hub, url, open, readPage, people };
}

interface Page {
  readonly events: readonly { readonly data?: { readonly id: string }; readonly clear?: string }[];
  readonly cursor: string;
}

async function startOne() {
  const time = new VirtualClock();
  return { time, ...(await start(time, memoryLog({ now: time.now }))) };
}

test("a person is in the room at once, and still there after every renewal", async () => {
  const { time, open, people } = await startOne();
  expect(await people()).toEqual([]);
  await open("ada");
  expect(await people()).toEqual(["ada"]);
  await open("bob");
  expect(await people()).toEqual(["ada", "bob"]);
  await time.advance(120_000);
  expect(await people()).toEqual(["ada", "bob"]);
});

test("two tabs are one person, who leaves two seconds after the last tab is closed", async () => {
  const { time, open, readPage, people } = await startOne();
  const closeFirst = await open("ada");
  const closeSecond = await open("ada");
  expect(await people()).toEqual(["ada"]);
  await closeSecond();
  await time.advance(60_000);
  expect(await people()).toEqual(["ada"]);

  const { cursor } = await readPage("");
  await closeFirst();
  await time.advance(1_999);
  expect(await people()).toEqual(["ada"]);
  await time.advance(1);
  expect(await people()).toEqual([]);
  expect((await readPage(`&after=${cursor}`)).events).toMatchObject([{ clear: expect.stringMatching(/^ada /) }]);
});

test("a person who reloads the page several times has not left", async () => {
  const { time, open, readPage } = await startOne();
  let close = await open("ada");
  const { cursor } = await readPage("");
  for (let reload = 0; reload < 3; reload++) {
    await close();
    await time.advance(1_500);
    close = await open("ada");
  }
  await time.advance(10_000);
  const { events } = await readPage(`&after=${cursor}`);
  expect(events.filter(({ clear }) => clear !== undefined)).toEqual([]);
});

test("a client that has missed departures and reconnects to another server does not show who has left", async () => {
  const time = new VirtualClock();
  const log = memoryLog({ now: time.now, keep: { entries: 1 }, burst: 0 });
  const first = await start(time, log);
  const closeTabs = [await first.open("ada"), await first.open("bob")];
  await first.open("cleo");
  let url: string | Promise<string> = first.url;
  const client = createClient(presence, { url: () => url, headers: { "x-user": "dan" }, random: () => 0 });
  onTestFinished(() => client.close());
  const seen: (readonly string[])[] = [];
  watchRoom(client, "lobby", (ids) => seen.push(ids));
  await expect.poll(() => new Set(seen.at(-1)), POLL).toEqual(new Set(["ada", "bob", "cleo", "dan"]));

  // Dan reconnects only when the second server has started. The ring of that server begins after the departures.
  let moveTo = (_url: string): void => {};
  url = new Promise((resolve) => {
    moveTo = resolve;
  });
  await first.hub.disconnect({ viewer: "dan" });
  await expect.poll(() => first.hub.stats().connections, POLL).toBe(3);
  for (const close of closeTabs) await close();
  await time.advance(2_000);
  const second = await start(time, log);
  moveTo(second.url);
  // At once: the clock does not advance, so there is no renewal.
  await expect.poll(() => new Set(seen.at(-1)), POLL).toEqual(new Set(["cleo", "dan"]));
});

test.each([
  // Both servers trim every five seconds. The survivor starts `later` milliseconds after the other server.
  [0, 24_000],
  [1_000, 25_000],
  [4_000, 28_000],
])("the people of a killed server are gone within 30 s: started %i ms later, gone after %i ms", async (later, gone) => {
  // The log uses the survivor's clock. The clock of the killed server stands still, so it neither renews nor clears a
  // value.
  const [killed, time] = [new VirtualClock(), new VirtualClock()];
  const log = memoryLog({ now: time.now });
  const victim = await start(killed, log);
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 1_000) {
      // The log's clock advances first: it has to date the victim's events with their own time.
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
  await expect.poll(() => seen.at(-1), POLL).toEqual(["ada", "bob"]);
  const { cursor } = await survivor.readPage("");

  const cleared = async () => (await survivor.readPage(`&after=${cursor}`)).events.flatMap(({ clear }) => clear ?? []);
  await time.advance(23_999);
  expect(new Set(await survivor.people())).toEqual(new Set(["ada", "bob"]));
  // A new reader does not see Ada any more. The others receive the `clear` at the next trim.
  await time.advance(1);
  expect(await survivor.people()).toEqual(["bob"]);
  const needsTrim = gone > 24_000;
  if (needsTrim) await time.advance(gone - 24_001);
  expect(await cleared()).toHaveLength(needsTrim ? 0 : 1);
  if (needsTrim) await time.advance(1);
  expect(await cleared()).toEqual([expect.stringMatching(/^ada /)]);
  await expect.poll(() => seen.at(-1), POLL).toEqual(["bob"]);
});
