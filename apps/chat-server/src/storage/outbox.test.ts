import { memoryLog, type NewEntry } from "@tidings/log";
import { expect, onTestFinished, test } from "vitest";
import { openOutbox } from "./outbox.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";

const PATIENCE = { deadline: Number.POSITIVE_INFINITY, signal: new AbortController().signal };

const word = (channel: string, text: string): NewEntry => ({
  channel,
  type: "word",
  mode: "reliable",
  data: JSON.stringify({ text }),
});
const end = (channel: string): NewEntry => ({ channel, type: "end", mode: "reliable", data: "{}" });

test("an entry of an address that has ended meanwhile is left out, and those after it are published", async () => {
  const database = openSqliteDatabase(":memory:");
  const log = memoryLog();
  const outbox = openOutbox(database, log);
  onTestFinished(async () => {
    await outbox.close();
    await log.close();
    await database.close();
  });
  await log.append([end("answers/1")]);
  await database.transaction(PATIENCE, (tx) =>
    outbox.add(tx, [word("rooms/1", "a"), word("answers/1", "late"), end("answers/1"), word("rooms/1", "b")]),
  );
  await outbox.flush();
  const { entries } = await log.recent(["rooms/1", "answers/1"], 10);
  expect(entries.map(({ channel, data }) => [channel, data])).toEqual([
    ["answers/1", "{}"],
    ["rooms/1", '{"text":"a"}'],
    ["rooms/1", '{"text":"b"}'],
  ]);
});
