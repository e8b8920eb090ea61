import type { NewEntry } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { NewName, NewRoomName } from "@tidings-apps/chat-contract";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { visit } from "../chat.ts";
import { startTestChat } from "../start-test-chat.ts";
import { temporaryPath } from "../temporary-folder.ts";

/** Texts that would end a literal, a statement or a text if they were not passed as parameters. */
const nasty = fc.constantFrom(
  "'",
  '"',
  "''",
  "\\",
  ";",
  "--",
  "/*",
  "%",
  "_",
  "\0",
  "a\0b",
  "?",
  "?1",
  ":a",
  "$a",
  "') or 1=1 --",
);
const text = fc.oneof(
  nasty,
  fc.tuple(nasty, nasty, fc.string()).map((each) => each.join("")),
  // Any text that UTF-8 can encode; the hub refuses others.
  fc.string({ unit: "binary", maxLength: 20 }).map((each) => each.toWellFormed()),
);
/** A log refuses NUL and line breaks in the name of a channel or an event. In data, JSON escapes them. */
const name = text.map((each) => each.replaceAll(/[\0\r\n]/g, "0")).filter((each) => each !== "");

test("the log returns channels, types, keys and data unchanged, and tells all keys apart", async () => {
  const log = sqliteLog(await temporaryPath());
  onTestFinished(() => log.close());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), text, async (texts, round) => {
      const start = await log.head();
      const entries = texts.map((each): NewEntry => ({
        channel: each,
        type: each,
        mode: "latest",
        key: `'${each}\n`,
        data: JSON.stringify([round, each]),
      }));
      await log.append(entries);
      const { entries: found, holes } = await log.read(start, texts, { entries: 100, bytes: 1e6 });
      expect(found.map(({ channel, type, key, data }) => ({ channel, type, mode: "latest", key, data }))).toEqual(
        entries,
      );
      expect(holes).toEqual([]);
      const current = await log.current(texts, null, { entries: 100, bytes: 1e6 });
      expect(current.entries.map(({ data }) => data)).toEqual(entries.map(({ data }) => data));
      // Each idempotency key is used once, however similar others are.
      const keys = [...new Set(texts.flatMap((each) => [each, each.toUpperCase()]))];
      const keyed = keys.map((each): NewEntry => ({
        channel: "keys",
        type: "once",
        mode: "reliable",
        data: "1",
        idempotencyKey: each,
      }));
      const first = await log.append(keyed);
      const again = await log.append(keyed);
      expect(again.map(({ cursor }) => cursor)).toEqual(first.map(({ cursor }) => cursor));
      expect(new Set(first.map(({ cursor }) => cursor.seq)).size).toBe(keys.length);
      expect(again.every(({ duplicate }) => duplicate)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("the log reports holes of trimmed channels and of no other, whatever their names", async () => {
  const log = sqliteLog(await temporaryPath(), { keep: { entries: 1 } });
  onTestFinished(() => log.close());
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), async (texts) => {
      const start = await log.head();
      // The first channel loses nothing.
      const holed = texts.slice(1);
      const entry = (channel: string): NewEntry => ({ channel, type: "said", mode: "reliable", data: "1" });
      await log.append([...holed.map(entry), ...texts.map(entry)]);
      await log.trim();
      const { holes } = await log.read(start, texts, { entries: 100, bytes: 1e6 });
      expect(holes.map(({ channel }) => channel).toSorted()).toEqual(holed.toSorted());
    }),
    { numRuns: 100 },
  );
});

test("the chat returns names, rooms, topics and messages unchanged, and tells all keys apart", async () => {
  const { url } = await startTestChat({ log: { kind: "sqlite", path: await temporaryPath("chat.db") } });
  const line = text.filter((each) => /^[^\p{Cc}\p{Zl}\p{Zp}\s]{1,15}$/u.test(each) && each === each.normalize("NFC"));
  const visibleName = line.filter((each) => NewName.safeParse(each).success && NewRoomName.safeParse(each).success);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(visibleName, visibleName, text, async (author, topic, key) => {
      // A run may draw the author and the room of an earlier run. Its keys must be others.
      runs += 1;
      const prefix = `k${runs}-`;
      const visitor = await visit(url, author);
      const { room } = (await (await visitor.request("POST", "/api/rooms", { name: topic })).json()) as {
        room: { id: string };
      };
      const roomPath = `/api/rooms/${room.id}`;
      expect((await visitor.request("PUT", `${roomPath}/topic`, { text: topic })).status).toBe(200);
      const sent = await Promise.all(
        [`${prefix}${key}`, `${prefix}${key}'`].map(async (idempotencyKey) => {
          const response = await visitor.request("POST", `${roomPath}/messages`, { text: `x${key}`, idempotencyKey });
          return ((await response.json()) as { message: { id: string; author: string; text: string } }).message;
        }),
      );
      expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
      for (const message of sent) expect(message).toMatchObject({ author, text: `x${key}` });
      const { rooms } = (await (await visitor.request("GET", "/api/rooms")).json()) as {
        rooms: { id: string; topic: unknown }[];
      };
      expect(rooms.find(({ id }) => id === room.id)?.topic).toEqual({ text: topic, by: author });
    }),
    { numRuns: 60 },
  );
}, 30_000);
