import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chat } from "@tidings-apps/chat-contract";
import { createHub } from "@tidings/server";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { openLedger, type Ledger } from "./ledger.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function freshFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-ledger-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  return join(folder, "chat.db");
}

function open(path: string): Ledger {
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const ledger = openLedger(path, (log) =>
    createHub(chat, {
      log,
      authorize: () => true,
      snapshot: { room: empty, directory: empty, inbox: empty },
    }),
  );
  closing.push(() => ledger.close());
  return ledger;
}

/** The ids of the rooms that the log tells of. */
async function told({ hub }: Ledger): Promise<string[]> {
  const page = await hub.handle({
    method: "GET",
    url: "/events?channel=rooms&last=100&protocol=1",
    headers: new Headers({ accept: "application/json" }),
    json: async () => null,
    signal: new AbortController().signal,
  });
  if (!("body" in page)) throw new Error("Expected a page.");
  // The page is what PROTOCOL.md says.
  const { events } = JSON.parse(page.body) as { events: { data: { id: string } }[] };
  return events.map(({ data }) => data.id);
}

const kept = ({ rows }: Ledger): string[] => rows.rooms.all().map(({ id }) => id);

const addRoom = (ledger: Ledger, name: string, fault?: Error): Promise<void> =>
  ledger.write(async (tx) => {
    await tx.publish(chat.directory(), "opened", tx.rooms.add(name));
    if (fault !== undefined) throw fault;
  });

test.for(["file", "memory"])(
  "of works at the same time, one that throws leaves neither row nor event: %s",
  async (kind) => {
    const ledger = open(kind === "file" ? freshFile() : ":memory:");
    const [, failed] = await Promise.allSettled([
      addRoom(ledger, "one"),
      addRoom(ledger, "two", new Error("on second thought")),
      addRoom(ledger, "three"),
    ]);
    expect(failed).toMatchObject({ status: "rejected", reason: { message: "on second thought" } });
    expect(kept(ledger)).toEqual(["lobby", "one", "three"]);
    expect(await told(ledger)).toEqual(["one", "three"]);
  },
);

test("an event that does not fit the contract takes its row along", async () => {
  const ledger = open(freshFile());
  const wrong = ledger.write((tx) => tx.publish(chat.directory(), "opened", { ...tx.rooms.add("one"), name: "" }));
  await expect(wrong).rejects.toThrow(/directory\.opened/);
  expect(kept(ledger)).toEqual(["lobby"]);
  expect(await told(ledger)).toEqual([]);
});

test("what is not committed yet cannot be read", async () => {
  const ledger = open(freshFile());
  await ledger.write(async (tx) => {
    tx.rooms.add("one");
    expect(tx.rooms.find("one")).not.toBeNull();
    expect(ledger.rows.rooms.find("one")).toBeNull();
  });
  expect(ledger.rows.rooms.find("one")).not.toBeNull();
});

test("closing waits for what is being written", async () => {
  const path = freshFile();
  const ledger = open(path);
  const writing = addRoom(ledger, "one");
  await ledger.close();
  await writing;
  await expect(addRoom(ledger, "two")).rejects.toThrow(/not open|closed/);
  const again = open(path);
  expect(kept(again)).toEqual(["lobby", "one"]);
  expect(await told(again)).toEqual(["one"]);
});

test("a file of a newer version is refused and left as it is", () => {
  const path = freshFile();
  const database = openDatabase(path);
  database.exec("pragma user_version = 99");
  expect(() => openDatabase(path)).toThrow(/version 1 or older, got version 99/);
  expect(database.prepare("pragma user_version").get()).toMatchObject({ user_version: 99 });
  database.close();
});
