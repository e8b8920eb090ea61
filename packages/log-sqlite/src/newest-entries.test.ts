import type { EventLog, NewEntry, TransactionalLog } from "@tidings/log";
import { END_TYPE } from "@tidings/protocol/mode";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entry, openApplication, openFile, openLog, temporaryPath, writerOptions } from "../trials/temporary-file.ts";
import type { SqliteTransaction } from "./driver.ts";
import type { EntryRow } from "./entry-row.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { NewestEntries } from "./newest-entries.ts";
import { sqliteLog, startEpoch } from "./sqlite-log.ts";

const rowAt = (seq: number, data = "1"): EntryRow => ({
  seq,
  channel: "a",
  type: "message",
  kind: 0,
  key: "",
  at: 0,
  data,
  expires_at: null,
});
const seqsOf = (rows: readonly EntryRow[] | null): number[] | null => rows?.map(({ seq }) => seq) ?? null;

describe("the newest entries of a handle", () => {
  test("are all after a position, or none is known", () => {
    const newest = new NewestEntries();
    expect(newest.after(0)).toBeNull();
    newest.append([rowAt(3), rowAt(4)]);
    newest.append([rowAt(5)]);
    expect([1, 2, 3, 4, 5, 6].map((seq) => seqsOf(newest.after(seq)))).toEqual([
      null,
      [3, 4, 5],
      [4, 5],
      [5],
      null,
      null,
    ]);
  });

  test("begin anew where others have written between them, and when they are forgotten", () => {
    const newest = new NewestEntries();
    newest.append([rowAt(3)]);
    newest.append([rowAt(5)]);
    expect([seqsOf(newest.after(2)), seqsOf(newest.after(4))]).toEqual([null, [5]]);
    newest.forget();
    expect(newest.after(4)).toBeNull();
  });

  test("are bounded, by their number and by their data", () => {
    const many = new NewestEntries();
    many.append(Array.from({ length: 5_000 }, (_, index) => rowAt(index + 1)));
    expect(many.after(4_499)).toBeNull();
    expect(many.after(4_500)).toHaveLength(500);
    const large = new NewestEntries();
    for (let seq = 1; seq <= 9; seq++) large.append([rowAt(seq, "x".repeat(300_000))]);
    expect(large.after(5)).toBeNull();
    expect(seqsOf(large.after(7))).toEqual([8, 9]);
  });
});

const AGE = 60_000;
const LIMIT = { entries: 1_000, bytes: 1e6 };

/** What a program does with a log that others use, too. */
type Deed = (use: {
  log: TransactionalLog<SqliteTransaction>;
  other: EventLog;
  path: string;
  clock: { now: number };
}) => unknown;

async function transact(log: TransactionalLog<SqliteTransaction>, path: string, end: "commit" | "rollback") {
  const application = openApplication(path);
  application.exec("begin immediate");
  await log.appendIn(application, [entry("a", "in a transaction")]);
  application.exec(end);
}

const one = (more: Partial<NewEntry>, channel = "a"): readonly NewEntry[] => [entry(channel, "text", more)];
const deeds: Readonly<Record<string, Deed>> = {
  append: ({ log }) => log.append(one({})),
  "append a batch": ({ log }) => log.append([entry("a", "1"), entry("b", "2"), entry("b", "3")]),
  "append, 3 at once": ({ log }) => Promise.all(["1", "2", "3"].map((text) => log.append([entry("a", text)]))),
  "append a repetition": ({ log }) => log.append(one({ idempotencyKey: "key" })),
  "append a volatile event": ({ log }) => log.append(one({ mode: "volatile" })),
  "append a value": ({ log }) => log.append(one({ mode: "latest", key: "k", expires: AGE / 2 })),
  "withdraw a value": ({ log }) => log.append([{ ...entry("a", ""), mode: "latest", key: "k", data: null }]),
  "end a channel": ({ log }) => log.append(one({ type: END_TYPE }, "c")).catch(() => {}),
  "append to what may have ended": ({ log }) => log.append(one({}, "c")).catch(() => {}),
  trim: ({ log }) => log.trim(),
  "another appends": ({ other }) => other.append(one({})),
  "another replaces a value": ({ other }) => other.append(one({ mode: "latest", key: "k" })),
  "another ends a channel": ({ other }) => other.append(one({ type: END_TYPE }, "c")).catch(() => {}),
  "another trims": ({ other }) => other.trim(),
  "somebody deletes by hand": ({ path }) =>
    openApplication(path).exec("delete from tidings_entry where seq = (select max(seq) from tidings_entry)"),
  "an epoch begins": ({ path }) => startEpoch(path),
  "the application commits": ({ log, path }) => transact(log, path, "commit"),
  "the application rolls back": ({ log, path }) => transact(log, path, "rollback"),
  "another closes, and a further one opens": ({ path, clock }) => sqliteLog(path, { now: () => clock.now }).close(),
  "append what is refused, beside what is not": ({ log }) =>
    Promise.allSettled([log.append(one({})), log.append(one({ data: null })), log.append(one({}))]),
  "time passes": ({ clock }) => void (clock.now += AGE / 3),
};

test("a follower reads the same from them as from the file, whatever is written by whom", async () => {
  const names = Object.keys(deeds);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name: fc.constantFrom(...names), back: fc.nat({ max: 6 }) }), {
        minLength: 4,
        maxLength: 25,
      }),
      async (steps) => {
        const path = temporaryPath();
        const clock = { now: 1_000_000 };
        const options = { keep: { entries: 2, age: AGE }, now: () => clock.now };
        // The third has written nothing, so it reads the file.
        const [log, other, reader] = [openLog(path, options), openLog(path, options), openLog(path, options)];
        for (const { name, back } of steps) {
          await deeds[name]?.({ log, other, path, clock });
          const head = await reader.head();
          const after = { ...head, seq: Math.max(0, head.seq - back) };
          for (const limit of [LIMIT, { entries: 2, bytes: 1e6 }]) {
            expect(await log.read(after, null, limit)).toEqual(await reader.read(after, null, limit));
          }
        }
        await Promise.all([log, other, reader].map((each) => each.close()));
      },
    ),
    { numRuns: 60, seed: 18 },
  );
});

test("a follower of its own process gets them without the file, until somebody else writes", async () => {
  const path = temporaryPath();
  const file = openFile(path);
  const writer = new LogWriter(file, writerOptions);
  const [appended] = await writer.append([entry("a", "1"), entry("b", "2")]);
  const after = appended?.cursor ?? expect.unreachable();
  expect(writer.readNewest(after, LIMIT)?.entries).toMatchObject([{ channel: "b", data: '"2"' }]);
  expect(writer.readNewest({ ...after, epoch: "another" }, LIMIT)).toBeNull();
  // A statement that the writer does not know of: only who reads the file sees that the rows are gone.
  file.exec("delete from tidings_entry");
  const reader = new LogReader(openFile(path), {
    now: Date.now,
    readNewest: (...asked) => writer.readNewest(...asked),
  });
  expect(reader.read(after, null, LIMIT).entries).toHaveLength(1);
  expect(reader.read(after, ["a", "b"], LIMIT).entries).toEqual([]);
  await openLog(path).append([entry("a", "3")]);
  expect(writer.readNewest(after, LIMIT)).toBeNull();
});
