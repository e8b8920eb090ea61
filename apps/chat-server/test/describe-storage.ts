import { chat, UNCHANGED } from "@tidings-apps/chat-contract";
import { createHub } from "@tidings/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStorage, type ChatStorage } from "../src/storage.ts";
import type { LogSetting } from "../src/storage/log-setting.ts";

/** Opens a storage until the test has finished. Its hub lets everybody read everything. */
export async function openTestStorage(setting: LogSetting): Promise<ChatStorage> {
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const storage = await openStorage(setting, (log) =>
    createHub(chat, {
      log,
      authorize: () => true,
      snapshot: { room: empty, directory: empty, inbox: empty },
    }),
  );
  onTestFinished(() => storage.close());
  return storage;
}

/** The data of the newest reliable events of an address, oldest first. */
async function published({ hub }: ChatStorage, path: string): Promise<unknown[]> {
  const page = await hub.handle({
    method: "GET",
    url: `/events?channel=${path}&last=100&protocol=1`,
    headers: new Headers({ accept: "application/json" }),
    json: async () => null,
    signal: new AbortController().signal,
    raw: null,
  });
  if (!("body" in page)) throw new Error("Expected a page, got a stream.");
  // Safe: PROTOCOL.md defines the page.
  return (JSON.parse(page.body) as { events: { data: unknown }[] }).events.map(({ data }) => data);
}

/** The ids of the rooms whose `opened` event is in the log. */
const publishedRooms = async (storage: ChatStorage): Promise<unknown[]> =>
  // Safe: the contract defines the event.
  (await published(storage, "rooms")).map((data) => (data as { id: string }).id);

export const storedRooms = async ({ tables }: ChatStorage): Promise<string[]> =>
  (await tables.rooms.all()).map(({ id }) => id);

export const addRoom = (storage: ChatStorage, name: string, failure?: Error): Promise<void> =>
  storage.write(async (tx) => {
    await tx.publish(chat.directory(), "opened", await tx.rooms.add(name));
    if (failure !== undefined) throw failure;
  });

/**
 * What holds for every kind of storage.
 *
 * @param setting an empty storage; it may be opened again
 */
export function describeStorage(kind: string, setting: () => LogSetting | Promise<LogSetting>): void {
  const open = async () => openTestStorage(await setting());

  describe(`a storage in ${kind}`, () => {
    test("of several transactions at the same time, one that throws leaves neither row nor event", async () => {
      const storage = await open();
      const [, failed] = await Promise.allSettled([
        addRoom(storage, "one"),
        addRoom(storage, "two", new Error("on second thought")),
        addRoom(storage, "three"),
      ]);
      expect(failed).toMatchObject({ status: "rejected", reason: { message: "on second thought" } });
      expect(await storedRooms(storage)).toEqual(["lobby", "one", "three"]);
      expect(await publishedRooms(storage)).toEqual(["one", "three"]);
    });

    test("the newest event of an address is known after the commit", async () => {
      const storage = await open();
      const nothing = await storage.newestEvent(chat.directory());
      await addRoom(storage, "one");
      const first = await storage.newestEvent(chat.directory());
      await storage.hub.publish(chat.presence(), "here", { viewer: "ada", server: "x", since: 0 });
      expect(await storage.newestEvent(chat.directory())).toBe(first);
      await addRoom(storage, "two");
      const ids = [nothing, first, await storage.newestEvent(chat.directory())];
      const seqs = ids.map((id) => Number(id.split(".")[1]));
      expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
    });

    test("an event that does not fit the contract also rolls back its row", async () => {
      const storage = await open();
      const wrong = storage.write(async (tx) => {
        await tx.publish(chat.directory(), "opened", { ...(await tx.rooms.add("one")), name: "" });
      });
      await expect(wrong).rejects.toThrow(/directory\.opened/);
      expect(await storedRooms(storage)).toEqual(["lobby"]);
      expect(await publishedRooms(storage)).toEqual([]);
    });

    test("closing waits for the current transaction, and refuses those that wait", async () => {
      const storage = await open();
      let begin = () => {};
      const begun = new Promise<void>((resolve) => {
        begin = resolve;
      });
      const writing = storage.write(async (tx) => {
        begin();
        await tx.publish(chat.directory(), "opened", await tx.rooms.add("one"));
      });
      const waiting = addRoom(storage, "two").catch(String);
      await begun;
      await storage.close();
      await writing;
      expect(await waiting).toMatch(/about to close/);
      await expect(addRoom(storage, "three")).rejects.toThrow(/about to close/);
    });
  });
}

/** What holds for storages that block the process while they write. */
export function describeEventLoop(kind: string, count: number, setting: () => LogSetting): void {
  test(`while ${count} transactions with 150 events each are written, the event loop goes on: ${kind}`, async () => {
    const storage = await openTestStorage(setting());
    // In time of the processor: other processes may take it away in any turn.
    const begun = usedTime();
    let longest = 0;
    let last = begun;
    const timer = setInterval(() => {
      const now = usedTime();
      longest = Math.max(longest, now - last);
      last = now;
    }, 1);
    onTestFinished(() => clearInterval(timer));
    const write = (index: number) =>
      storage.write(async (tx) => {
        for (let person = 0; person < 150; person++) {
          const place = { roomId: "lobby", joined: true, read: Math.min(index, person) };
          await tx.publish(chat.inbox({ userId: `person ${person}` }), "place", place);
        }
      });
    await Promise.all(Array.from({ length: count }, (_, index) => write(index)));
    // The work takes some hundred milliseconds, in turns of about 10 ms. Without pauses it is one single turn.
    expect(longest).toBeLessThan((usedTime() - begun) / 4);
  });
}

/** The time of the processor that this process has used, in microseconds. */
function usedTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What also holds where the storage is not only in this process. */
export function describeSharedStorage(kind: string, newSetting: () => LogSetting | Promise<LogSetting>): void {
  describeStorage(kind, newSetting);

  describe(`a storage in ${kind} that several open`, () => {
    test("rows that are not committed yet cannot be read", async () => {
      const storage = await openTestStorage(await newSetting());
      await storage.write(async (tx) => {
        await tx.rooms.add("one");
        expect(await tx.rooms.find("one")).not.toBeNull();
        expect(await storage.tables.rooms.find("one")).toBeNull();
      });
      expect(await storage.tables.rooms.find("one")).not.toBeNull();
    });

    test("transactions of two servers run one after the other, and rows and events stay", async () => {
      const setting = await newSetting();
      const storages = await Promise.all([openTestStorage(setting), openTestStorage(setting)]);
      const say = (storage: ChatStorage) =>
        storage.write(async (tx) => {
          const { read } = await tx.memberships.find("ada", "lobby");
          const place = { roomId: "lobby", joined: true, read: read + 1 };
          await tx.memberships.set("ada", place);
          await tx.publish(chat.inbox({ userId: "ada" }), "place", place);
        });
      const turns = Array.from({ length: 10 }, () => storages).flat();
      await Promise.all(turns.map(say));
      for (const storage of storages) await storage.close();
      const again = await openTestStorage(setting);
      expect(await again.tables.memberships.find("ada", "lobby")).toMatchObject({ read: 20 });
      expect(await published(again, "users/ada/inbox")).toEqual(
        Array.from({ length: 20 }, (_, index) => ({ roomId: "lobby", joined: true, read: index + 1 })),
      );
    });

    test("names, texts and keys come back as they were, whatever characters they have", async () => {
      const storage = await openTestStorage(await newSetting());
      const message = (number: number) => ({
        ...{ id: `m${number}`, number, author: "李小龍", text: "a\0b?\u0001'\\", mentions: ["👩‍🚀"] },
        ...{ sentAt: new Date(1_800_000_000_000 + number), ...UNCHANGED },
      });
      const keys = ["k", "k\0", "k\u0001", "k\u0001n", "k\u0001\u0001", "k?"];
      await storage.write(async (tx) => {
        for (const [index, key] of keys.entries()) await tx.messages.add("lobby", message(index + 1), key);
      });
      const { messages, rooms, people } = storage.tables;
      expect(await messages.newest("lobby", 2)).toEqual([message(5), message(6)]);
      for (const [index, key] of keys.entries()) {
        expect(await messages.findByKey("lobby", "李小龍", key)).toEqual(message(index + 1));
      }
      for (const id of ["lobby\0", "lobby\0x", "?", ""]) expect(await rooms.find(id)).toBeNull();
      expect(await people.findByComparableNames(["a\0", "b", "c"])).toEqual([]);
    });

    test("rooms, memberships and mentions come in the order in which they were added", async () => {
      const storage = await openTestStorage(await newSetting());
      await storage.write(async (tx) => {
        const names = ["zebra", "ant", "Zebra!", "mole"];
        for (const name of names) {
          const { id } = await tx.rooms.add(name, "ada");
          await tx.memberships.set("ada", { roomId: id, joined: false, read: 0 });
          const message = { id, number: 1, author: "bo", text: "@ada", mentions: ["ada"], sentAt: new Date() };
          await tx.messages.add(id, { ...message, ...UNCHANGED }, null);
          await tx.mentions.add("ada", id, 1);
        }
        await tx.memberships.set("ada", { roomId: "zebra", joined: true, read: 1 });
        await tx.rooms.setTopic("ant", { text: "hills", by: "bo" });
      });
      const { rooms, memberships, mentions } = storage.tables;
      const ids = ["zebra", "ant", "zebra-2", "mole"];
      expect((await rooms.all()).map(({ id }) => id)).toEqual(["lobby", ...ids]);
      expect(await rooms.count("ada")).toEqual({ all: 5, ofPerson: 4 });
      expect((await memberships.of("ada")).map(({ roomId }) => roomId)).toEqual(ids);
      expect((await mentions.unread("ada", 3)).map(({ roomId }) => roomId)).toEqual(ids.slice(1));
      const list = [
        { id: "lobby", topic: null, joined: false, read: 0, newest: 0 },
        { id: "zebra", topic: null, joined: true, read: 1, newest: 1 },
        { id: "ant", topic: { text: "hills", by: "bo" }, joined: false, read: 0, newest: 1 },
        { id: "zebra-2" },
        { id: "mole" },
      ];
      expect(await rooms.listFor("ada")).toMatchObject({ rooms: list, next: null });
      expect(await rooms.listFor("ada", 3)).toMatchObject({ rooms: list.slice(3), next: null });
    });
  });
}
