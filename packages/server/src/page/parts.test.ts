import { expect, test } from "vitest";
import { lobby, openTestHub, tea, type PageJson } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";

type Hub = Awaited<ReturnType<typeof openTestHub>>;

async function publishPrices({ hub, clock }: Hub, count: number, symbolOf = (index: number) => `s${index}`) {
  for (let index = 0; index < count; index++) {
    await hub.publish(lobby, "price", { symbol: symbolOf(index), value: index });
  }
  await clock.settle();
}

/** All pages from the first one to the end, as a client asks for them. */
async function readPages(
  { page }: Hub,
  first: string,
  onPage = async (_index: number) => {},
  channels = LOBBY,
): Promise<PageJson[]> {
  const pages: PageJson[] = [];
  for (let query = first; ;) {
    const { json } = await page(query);
    pages.push(json);
    await onPage(pages.length);
    if (!json.more) return pages;
    query = `${channels}&after=${json.cursor}`;
  }
}

const symbolsOf = (pages: readonly PageJson[]): unknown[] =>
  pages.flatMap(({ events }) => events.map(({ data }) => (data as { symbol: string }).symbol));

test.each([`${LOBBY}@now`, `${LOBBY}&snapshot`])(
  "current values that do not fit in one page come in parts, each once, and then the events: %s",
  async (query) => {
    const hub = await openTestHub({ limits: { pageEvents: 10 } });
    await publishPrices(hub, 25);
    const head = await hub.log.head();
    const pages = await readPages(hub, query);
    expect(pages.map(({ events }) => events.length)).toEqual([10, 10, 5, 0]);
    expect(symbolsOf(pages)).toEqual(Array.from({ length: 25 }, (_, index) => `s${index}`));
    expect(pages.map(({ state }) => state !== undefined)).toEqual([query.endsWith("snapshot"), false, false, false]);
    expect(pages.at(-1)?.cursor).toBe(`${head.epoch}.${head.seq}`);
  },
);

test("what changes between two parts comes after the values", async () => {
  const hub = await openTestHub({ limits: { pageEvents: 10 } });
  await publishPrices(hub, 12);
  const pages = await readPages(hub, `${LOBBY}&snapshot`, async (index) => {
    if (index > 1) return;
    await hub.hub.publish(lobby, "price", { symbol: "s0", value: 100 });
    await hub.hub.clear(lobby, "price", "s11");
    await hub.say("between");
  });
  const after = pages.slice(1).flatMap(({ events }) => events);
  expect(after.map(({ data, clear }) => data ?? clear)).toEqual([
    { symbol: "s10", value: 10 },
    { symbol: "s0", value: 100 },
    { symbol: "s0", value: 100 },
    "s11",
    { text: "between" },
  ]);
});

test("a page has no more bytes of UTF-8 than a page may have, in current values, events and history", async () => {
  const hub = await openTestHub({ limits: { pageBytes: 1_000 } });
  // 100 characters have 300 bytes.
  await publishPrices(hub, 9, (index) => `${index}${"語".repeat(100)}`);
  const pages = await readPages(hub, `${LOBBY}@now`);
  expect(pages.map(({ events }) => events.length)).toEqual([3, 3, 3, 0]);
  await hub.say(...Array.from({ length: 6 }, () => "語".repeat(100)));
  const { json } = await hub.page(`${LOBBY}&last=6`);
  expect([json.events.length, json.more]).toEqual([2, true]);
  const owed = await readPages(hub, `${LOBBY}&after=${pages.at(-1)?.cursor ?? ""}`);
  expect(owed.map(({ events }) => events.length)).toEqual([2, 2, 2]);
});

test("a page of withdrawals has no more bytes than a page may have, also if JSON makes their keys longer", async () => {
  const most = 20_000;
  const hub = await openTestHub({
    limits: { pageBytes: most, pageEvents: 10_000 },
    snapshot: { room: () => ({ texts: [] }) },
  });
  const [before = ""] = await hub.say("before");
  const symbolOf = (index: number) => `${index}${"\u0001".repeat(1_000)}`;
  await publishPrices(hub, 20, symbolOf);
  for (let index = 0; index < 20; index++) await hub.hub.clear(lobby, "price", symbolOf(index));
  for (const query of [`${LOBBY}&after=${before}`, `${LOBBY}&snapshot`]) {
    const pages = await readPages(hub, query);
    for (const { events } of pages) expect(JSON.stringify(events).length).toBeLessThan(most);
    const cleared = pages.flatMap(({ events }) => events.filter(({ clear }) => clear !== undefined));
    expect(cleared.map(({ clear }) => clear)).toEqual(Array.from({ length: 20 }, (_, index) => symbolOf(index)));
  }
});

test("a state counts in the bytes of its page: fewer values come with it", async () => {
  const hub = await openTestHub({
    limits: { pageBytes: 1_000 },
    snapshot: { room: () => ({ texts: ["x".repeat(700)] }) },
  });
  await publishPrices(hub, 9, (index) => `${index}${"x".repeat(100)}`);
  const pages = await readPages(hub, `${LOBBY}&snapshot`);
  expect(pages.map(({ events }) => events.length)).toEqual([2, 7, 0]);
});

test("a viewer who may read only newer values gets them at once: a part without values is no page", async () => {
  let readableFrom = "";
  const hub = await openTestHub({
    limits: { pageEvents: 5 },
    authorize: ({ path }) => (path === lobby.path ? { readableFrom } : true),
  });
  await publishPrices(hub, 11);
  const { epoch, seq } = await hub.log.head();
  readableFrom = `${epoch}.${seq - 1}`;
  const pages = await readPages(hub, `${LOBBY}@now&channel=${tea.path}@now`);
  expect(symbolsOf(pages)).toEqual(["s10"]);
  expect(pages.map(({ events }) => events.length)).toEqual([1]);
});

test("values that are hidden in all paths are not even read", async () => {
  let readableFrom = "";
  const hub = await openTestHub({ limits: { pageEvents: 5 }, authorize: () => ({ readableFrom }) });
  await publishPrices(hub, 1_000);
  const { epoch, seq } = await hub.log.head();
  readableFrom = `${epoch}.${seq - 1}`;
  hub.log.calls["current"] = 0;
  expect(symbolsOf(await readPages(hub, `${LOBBY}@now`))).toEqual(["s999"]);
  expect((await hub.connect(`${LOBBY}@now`)).sink.received).toHaveLength(1);
  expect(hub.log.calls["current"]).toBe(2);
});

test("a part whose values are gone by then is no page: the events follow in it", async () => {
  const hub = await openTestHub({ limits: { pageEvents: 5 } });
  await publishPrices(hub, 9);
  const pages = await readPages(hub, `${LOBBY}@now`, async (index) => {
    if (index > 1) return;
    for (const symbol of ["s5", "s6", "s7", "s8"]) await hub.hub.clear(lobby, "price", symbol);
  });
  expect(pages.map(({ events }) => events.length)).toEqual([5, 4]);
});

test.each(["page", "connect"] as const)(
  "a channel that begins anew between two parts gets all its values: %s",
  async (way) => {
    const hub = await openTestHub({ limits: { pageEvents: 5 } });
    await publishPrices(hub, 9);
    const { json } = await hub.page(`${LOBBY}@now`);
    const query = `${LOBBY}@${json.cursor}`;
    const values = Array.from({ length: 9 }, (_, index) => `s${index}`);
    if (way === "page") expect(symbolsOf(await readPages(hub, query))).toEqual(values);
    else expect((await hub.connect(query)).sink.received).toHaveLength(9);
  },
);

test("a channel that is new between two parts gets all its values", async () => {
  const hub = await openTestHub({ limits: { pageEvents: 5 } });
  await hub.hub.publish(tea, "price", { symbol: "old", value: 1 });
  await publishPrices(hub, 9);
  const { json } = await hub.page(`${LOBBY}@now`);
  const both = `${LOBBY}&channel=${tea.path}`;
  const pages = await readPages(hub, `${both}@now&after=${json.cursor}`, undefined, both);
  const values = Array.from({ length: 9 }, (_, index) => `s${index}`);
  expect(symbolsOf(pages)).toEqual(["old", ...values]);
});

test("a stream that begins between two parts meets a gap, not a hole", async () => {
  const hub = await openTestHub({ limits: { pageEvents: 5 } });
  await publishPrices(hub, 9);
  const { json } = await hub.page(`${LOBBY}@now`);
  const { sink } = await hub.connect(`${LOBBY}&after=${json.cursor}`);
  expect(sink.of("gap")).toMatchObject([{ data: { channels: { [lobby.path]: "reset" } } }]);
});

test.each(["e--zz", "e--", "--1", "e--1--2", "e--99999999999"])(
  "an epoch like that of a part is no fault: %s",
  async (epoch) => {
    const hub = await openTestHub();
    await hub.say("a");
    const pages = await readPages(hub, `${LOBBY}&after=${epoch}.1`);
    expect(pages.at(-1)?.gap).toEqual({ channels: { [lobby.path]: "reset" } });
  },
);

test("a state that is too large is refused; the trace says how large it is and what to do", async () => {
  const state = (bytes: number) => ({ texts: ["語".repeat(bytes / 3)] });
  let bytes = 900;
  const hub = await openTestHub({ limits: { stateBytes: 1_000 }, snapshot: { room: () => state(bytes) } });
  expect((await hub.page(`${LOBBY}&snapshot`)).status).toBe(200);
  bytes = 999;
  const { status, json } = await hub.page(`${LOBBY}&snapshot`);
  expect([status, json.code]).toEqual([500, "internal"]);
  const record = hub.records.find(({ event }) => event === "hook-failed");
  expect(record).toMatchObject({ detail: "snapshot", channel: lobby.path });
  expect(String(record?.error)).toBe(
    "RangeError: Expected a state of at most 1000 bytes of JSON, got 1013; " +
      "load less, for example only the newest items, or raise limits.stateBytes.",
  );
});

test("a state that is much too large is refused before it is validated and encoded", async () => {
  const texts = Array.from({ length: 1_000 }, () => "x".repeat(100));
  let looked = 0;
  const counted = new Proxy(texts, {
    get(target, key): unknown {
      looked++;
      return Reflect.get(target, key);
    },
  });
  const hub = await openTestHub({ limits: { stateBytes: 1_000 }, snapshot: { room: () => ({ texts: counted }) } });
  expect((await hub.page(`${LOBBY}&snapshot`)).status).toBe(500);
  expect(String(hub.records.find(({ event }) => event === "hook-failed")?.error)).toContain("got more than 4000;");
  // The elements once, to count their bytes, and nothing of the schema.
  expect(looked).toBeLessThan(1_000 + 1_010);
});

test("states that are too large together are refused; the answer names the channels to ask for later", async () => {
  const state = { texts: ["x".repeat(900)] };
  const hub = await openTestHub({ limits: { stateBytes: 1_000 }, snapshot: { room: () => state } });
  const rooms = Array.from({ length: 10 }, (_, index) => `rooms/${index}`);
  const ask = (paths: readonly string[]) => hub.page(`${paths.map((path) => `channel=${path}`).join("&")}&snapshot`);
  const { status, json, headers } = await ask(rooms);
  expect([status, json.code, json.channels]).toEqual([503, "limit", ["rooms/8", "rooms/9"]]);
  expect(headers["retry-after"]).toBe("5");
  expect((await ask(rooms.slice(0, 8))).status).toBe(200);
});

test.each(["a".repeat(25), "a--b", ""])(
  "a log with an epoch that leaves no room for parts is refused: %s",
  async (epoch) => {
    class OtherLog extends WatchedLog {
      override async head() {
        return { ...(await super.head()), epoch };
      }
    }
    const hub = await openTestHub({ log: new OtherLog() });
    expect((await hub.page(`${LOBBY}@now`)).status).toBe(503);
    const record = hub.records.find(({ event }) => event === "read-failed");
    expect(String(record?.error)).toBe(
      `TypeError: Expected an epoch of 1 to 24 characters A-Z a-z 0-9 _ - without "--" from the log, got "${epoch}"; ` +
        "make it with newEpoch of @tidings/protocol.",
    );
  },
);

test("values that are hidden in one of two paths cost no read for each page of them", async () => {
  let readableFrom: string | null = null;
  const hub = await openTestHub({
    keep: { entries: 10_000 },
    limits: { pageEvents: 10 },
    authorize: ({ path }) => (path === lobby.path && readableFrom !== null ? { readableFrom } : true),
  });
  await publishPrices(hub, 1_000);
  await hub.hub.publish(tea, "price", { symbol: "before", value: 1 });
  readableFrom = (await hub.say("hi"))[0] ?? "";
  await hub.hub.publish(tea, "price", { symbol: "after", value: 1 });
  await hub.hub.publish(lobby, "price", { symbol: "shown", value: 1 });
  await hub.clock.settle();
  const query = `${LOBBY}@now&channel=rooms/tea@now`;
  const pages = await readPages(hub, query, undefined, `${LOBBY}&channel=rooms/tea`);
  expect(symbolsOf(pages)).toEqual(["before", "after", "shown"]);
  const readsOfPages = hub.log.calls["current"] ?? 0;
  const { sink } = await hub.connect(query);
  expect(sink.received).toHaveLength(3);
  expect([readsOfPages, (hub.log.calls["current"] ?? 0) - readsOfPages].every((reads) => reads < 10)).toBe(true);
});
