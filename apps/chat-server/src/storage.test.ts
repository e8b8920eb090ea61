import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chat } from "@tidings-apps/chat-contract";
import { createHub } from "@tidings/server";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { openStorage, type ChatStorage } from "./storage.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-storage-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  return join(folder, "chat.db");
}

function open(path: string): ChatStorage {
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const storage = openStorage(path, (log) =>
    createHub(chat, {
      log,
      authorize: () => true,
      snapshot: { room: empty, directory: empty, inbox: empty },
    }),
  );
  closers.push(() => storage.close());
  return storage;
}

/** The ids of the rooms whose `opened` event is in the log. */
async function publishedRooms({ hub }: ChatStorage): Promise<string[]> {
  const page = await hub.handle({
    method: "GET",
    url: "/events?channel=rooms&last=100&protocol=1",
    headers: new Headers({ accept: "application/json" }),
    json: async () => null,
    signal: new AbortController().signal,
    raw: null,
  });
  if (!("body" in page)) throw new Error("Expected a page, got a stream.");
  // Safe: PROTOCOL.md defines the page.
  const { events } = JSON.parse(page.body) as { events: { data: { id: string } }[] };
  return events.map(({ data }) => data.id);
}

const storedRooms = ({ tables }: ChatStorage): string[] => tables.rooms.all().map(({ id }) => id);

const addRoom = (storage: ChatStorage, name: string, failure?: Error): Promise<void> =>
  storage.write(async (tx) => {
    await tx.publish(chat.directory(), "opened", tx.rooms.add(name));
    if (failure !== undefined) throw failure;
  });

test.for(["file", "memory"])(
  "of several transactions at the same time, one that throws leaves neither row nor event: %s",
  async (kind) => {
    const storage = open(kind === "file" ? newFile() : ":memory:");
    const [, failed] = await Promise.allSettled([
      addRoom(storage, "one"),
      addRoom(storage, "two", new Error("on second thought")),
      addRoom(storage, "three"),
    ]);
    expect(failed).toMatchObject({ status: "rejected", reason: { message: "on second thought" } });
    expect(storedRooms(storage)).toEqual(["lobby", "one", "three"]);
    expect(await publishedRooms(storage)).toEqual(["one", "three"]);
  },
);

test.for(["file", "memory"])("the newest event of an address is known after the commit: %s", async (kind) => {
  const storage = open(kind === "file" ? newFile() : ":memory:");
  const nothing = await storage.newestEvent(chat.directory());
  await addRoom(storage, "one");
  const first = await storage.newestEvent(chat.directory());
  await storage.hub.publish(chat.presence(), "here", { viewer: "ada", server: "x", since: 0 });
  expect(await storage.newestEvent(chat.directory())).toBe(first);
  await addRoom(storage, "two");
  const seqs = [nothing, first, await storage.newestEvent(chat.directory())].map((id) => Number(id.split(".")[1]));
  expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
});

test("an event that does not fit the contract also rolls back its row", async () => {
  const storage = open(newFile());
  const wrong = storage.write((tx) => tx.publish(chat.directory(), "opened", { ...tx.rooms.add("one"), name: "" }));
  await expect(wrong).rejects.toThrow(/directory\.opened/);
  expect(storedRooms(storage)).toEqual(["lobby"]);
  expect(await publishedRooms(storage)).toEqual([]);
});

test("rows that are not committed yet cannot be read", async () => {
  const storage = open(newFile());
  await storage.write(async (tx) => {
    tx.rooms.add("one");
    expect(tx.rooms.find("one")).not.toBeNull();
    expect(storage.tables.rooms.find("one")).toBeNull();
  });
  expect(storage.tables.rooms.find("one")).not.toBeNull();
});

test("closing waits for the current transaction, and refuses those that wait", async () => {
  const path = newFile();
  const storage = open(path);
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const writing = storage.write(async (tx) => {
    begin();
    await tx.publish(chat.directory(), "opened", tx.rooms.add("one"));
  });
  const waiting = addRoom(storage, "two").catch(String);
  await begun;
  await storage.close();
  await writing;
  expect(await waiting).toMatch(/about to close/);
  await expect(addRoom(storage, "three")).rejects.toThrow(/about to close/);
  const reopened = open(path);
  expect(storedRooms(reopened)).toEqual(["lobby", "one"]);
  expect(await publishedRooms(reopened)).toEqual(["one"]);
});

test.for(["file", "memory"])(
  "while 20 transactions with 450 events each are written, the event loop goes on: %s",
  async (kind) => {
    const storage = open(kind === "file" ? newFile() : ":memory:");
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    closers.push(() => clearInterval(timer));
    const write = (index: number) =>
      storage.write(async (tx) => {
        for (let person = 0; person < 450; person++) {
          const place = { roomId: "lobby", joined: true, read: Math.min(index, person) };
          await tx.publish(chat.inbox({ userId: `person ${person}` }), "place", place);
        }
      });
    const begun = performance.now();
    await Promise.all(Array.from({ length: 20 }, (_, index) => write(index)));
    // The work takes more than a second, in turns of about 10 ms. Without pauses it is one single turn.
    expect(longest).toBeLessThan((performance.now() - begun) / 4);
  },
);

test("a transaction that cannot begin is refused when its patience ends, together with those that wait", async () => {
  const path = newFile();
  const storage = open(path);
  const other = openDatabase(path);
  closers.push(() => other.close());
  other.exec("begin immediate");
  const begun = performance.now();
  const writes = ["one", "two", "three"].map((name) => addRoom(storage, name));
  for (const outcome of await Promise.allSettled(writes)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "WriteRefused" } });
  }
  // The patience is five seconds for all together.
  expect(performance.now() - begun).toBeLessThan(9_000);
  other.exec("rollback");
  await addRoom(storage, "four");
  expect(storedRooms(storage)).toEqual(["lobby", "four"]);
});

test("closing does not wait for another program that writes", async () => {
  const path = newFile();
  const storage = open(path);
  const other = openDatabase(path);
  closers.push(() => other.close());
  other.exec("begin immediate");
  let begin = () => {};
  const waits = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const write = storage.prepareAndWrite(
    async () => begin(),
    async () => {},
  );
  const writing = write.catch(String);
  await waits;
  const begun = performance.now();
  await storage.close();
  expect(await writing).toMatch(/Another program/);
  expect(performance.now() - begun).toBeLessThan(3_000);
  other.exec("rollback");
});

test("in a file of an older version, people whose names look the same stay, and nobody else can come to them", () => {
  const path = newFile();
  const old = openDatabase(path);
  old.exec("drop index rooms_opened_by; alter table rooms drop column opened_by; pragma user_version = 2");
  // The forms that version 2 has stored: in lower case, with joiners.
  for (const [name, folded] of [
    ["Ada", "ada"],
    ["ADA", "ada"],
    ["سا\u200cرا", "سا\u200cرا"],
  ] as const) {
    old.prepare("insert into people (name, folded) values (?, ?)").run(name, folded);
  }
  for (const id of ["raum", "raum-2"]) {
    const name = id === "raum" ? "Straße" : "Strasse";
    old.prepare("insert into rooms (id, name, folded) values (?, ?, ?)").run(id, name, name.toLowerCase());
  }
  old.close();
  const { people, rooms } = open(path).tables;
  expect(["Ada", "ADA", "سا\u200cرا"].map((name) => people.has(name))).toEqual([true, true, true]);
  expect(people.lookAlikes("ada")).toEqual(["ADA", "Ada"]);
  expect(people.lookAlikes("سارا")).toEqual(["سا\u200cرا"]);
  // Both rooms stay. The name leads to the older one that has its form.
  expect(rooms.all().map(({ id }) => id)).toEqual(["lobby", "raum", "raum-2"]);
  expect(rooms.findByName("STRASSE")).toMatchObject({ id: "raum-2" });
});

test("a file of a newer version is refused and not changed", () => {
  const path = newFile();
  const database = openDatabase(path);
  database.exec("pragma user_version = 99");
  expect(() => openDatabase(path)).toThrow(/version 4 or older, got version 99/);
  expect(database.prepare("pragma user_version").get()).toMatchObject({ user_version: 99 });
  database.close();
});
