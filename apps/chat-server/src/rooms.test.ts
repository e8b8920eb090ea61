import { MAX_TOPIC, UNCHANGED } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { MAX_ROOMS } from "./rooms.ts";
import { openSqliteDatabase } from "./storage/sqlite-database.ts";
import { tablesIn, type Tables } from "./tables.ts";

const openTables = () => tablesIn(openSqliteDatabase(":memory:"));

/** Adds rooms one after the other, and returns their ids. */
async function addAll(rooms: Tables["rooms"], names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push((await rooms.add(name)).id);
  return ids;
}

test("a new database has a lobby", async () => {
  expect(await openTables().rooms.all()).toEqual([{ id: "lobby", name: "Lobby" }]);
});

test.for<[name: string, id: string]>([
  ["Tea room", "tea-room"],
  ["  Café – Über & Co. ", "cafe-uber-co"],
  ["Ｆｕｌｌ", "full"],
  ["李小龍", "room"],
  ["__proto__", "proto"],
  ["x".repeat(60), "x".repeat(60)],
])("the id of %j is a slug: %s", async ([name, id]) => {
  expect(await openTables().rooms.add(name)).toEqual({ id, name });
});

test("rooms whose names give the same slug have different ids", async () => {
  const { rooms } = openTables();
  expect(await addAll(rooms, ["Tea!", "Tea?", "Tea."])).toEqual(["tea", "tea-2", "tea-3"]);
});

test("a slug that another room has as its own is skipped", async () => {
  const { rooms } = openTables();
  expect(await addAll(rooms, ["Tea 2", "Tea", "Tea!", "Tea?"])).toEqual(["tea-2", "tea", "tea-3", "tea-4"]);
});

test("the 3,000th room of one slug costs as much as the first", async () => {
  const { rooms } = openTables();
  const milliseconds: number[] = [];
  for (let block = 0; block < 10; block++) {
    const begun = performance.now();
    for (let index = 0; index < 300; index++) await rooms.add(String.fromCodePoint(0x4e00 + 300 * block + index));
    milliseconds.push(performance.now() - begun);
  }
  // The first block has the start-up of the process. If each room tried all ids, the last block would take 30 times as
  // long as the second.
  expect(Math.min(...milliseconds.slice(-3))).toBeLessThan(6 * Math.min(...milliseconds.slice(1, 4)));
});

test("a room is found by its name in upper or lower case and in full or half width", async () => {
  const { rooms } = openTables();
  const tea = await rooms.add("Tea room");
  for (const name of ["Tea room", "TEA ROOM", "Ｔｅａ room"]) expect(await rooms.findByName(name)).toEqual(tea);
  expect(await rooms.findByName("Tea")).toBeNull();
});

test("an id with a NUL character after it is not found", async () => {
  const { rooms } = openTables();
  expect(await rooms.find("lobby")).toEqual({ id: "lobby", name: "Lobby" });
  for (const id of ["lobby\u0000x", "lobby\u0000", "Lobby", "", "__proto__"]) expect(await rooms.find(id)).toBeNull();
});

test("the list has the topic, the membership and the newest number of each room, oldest room first", async () => {
  const { rooms, messages, memberships } = openTables();
  await rooms.add("Tea");
  await rooms.setTopic("tea", { text: "Cups", by: "bo" });
  const message = { author: "bo", text: "hi", mentions: [], sentAt: new Date(), ...UNCHANGED };
  await messages.add("tea", { ...message, id: "1", number: 1 }, null);
  await messages.add("tea", { ...message, id: "2", number: 2 }, null);
  await memberships.set("ada", { roomId: "tea", joined: true, read: 1 });
  const lobby = { id: "lobby", name: "Lobby", topic: null, joined: false, read: 0, newest: 0 };
  const tea = { id: "tea", name: "Tea", topic: { text: "Cups", by: "bo" }, newest: 2 };
  expect(await rooms.listFor("ada")).toEqual({ rooms: [lobby, { ...tea, joined: true, read: 1 }], next: null });
  expect(await rooms.listFor("bo")).toEqual({ rooms: [lobby, { ...tea, joined: false, read: 0 }], next: null });
});

test("the list of a full chat comes in pages of 100 KB at most, each room once", async () => {
  const { rooms } = openTables();
  for (let index = 1; index < MAX_ROOMS + 5; index++) {
    // The longest name, topic and author that the routes let through.
    const name = String.fromCodePoint(0x4e00 + index).repeat(22);
    const { id } = await rooms.add(name);
    await rooms.setTopic(id, { text: "漢".repeat(MAX_TOPIC), by: "龍".repeat(22) });
  }
  const ids: string[] = [];
  for (let from: number | null = 0; from !== null;) {
    const page: Awaited<ReturnType<typeof rooms.listFor>> = await rooms.listFor("ada", from);
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(100_000);
    ids.push(...page.rooms.map(({ id }) => id));
    from = page.next;
  }
  expect(ids).toEqual((await rooms.all()).map(({ id }) => id));
  expect(ids).toHaveLength(MAX_ROOMS);
  expect(await rooms.listFor("ada", 99_999)).toEqual({ rooms: [], next: null });
});
