import { setTimeout as sleep } from "node:timers/promises";
import type { Appended, NewEntry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { describe, expect, test } from "vitest";
import { everything, openTestLog, reliable } from "../test/test-log.ts";
import { connect, server, startServer } from "../test/test-server.ts";
import { failOver } from "./fail-over.ts";
import { Follower, publishFor } from "./follower.ts";

// Logs that are broken, each by one function of the schema. The conformance suite may pass with them. Each check passes
// on the sound log and fails on the broken one.

/** A schema on a server. */
type Server = Parameters<typeof openTestLog>[0];

/** Replaces functions of a new log's schema. */
type Break = (schema: string) => string;

async function openBroken(on: Server, breakIt: Break | null, options: Parameters<typeof openTestLog>[1] = {}) {
  const opened = await openTestLog(on, options);
  if (breakIt !== null) await (await connect(on.url)).query(breakIt(opened.schema));
  return opened;
}

const withoutLock: Break = (schema) =>
  `create or replace function ${schema}.lock_appends() returns void language sql as $$ select $$`;

const withoutNotify: Break = (schema) => `
  create or replace function ${schema}.begin_append() returns void language sql as $$
    select ${schema}.lock_appends()
  $$`;

const withMovingHead: Break = (schema) => `
  create or replace function ${schema}.head() returns bigint language sql stable as $$
    select coalesce(max(seq), 0) from ${schema}.entry
  $$`;

const withoutTimeline: Break = (schema) => `
  create or replace function ${schema}.is_other_server() returns boolean language sql as $$ select false $$`;

const withOwnRules: Break = (schema) => `
  create or replace function ${schema}.keep_of(of_channel text, keep_entries bigint, keep_age bigint)
  returns table (entries bigint, age bigint) language sql as $$ select keep_entries, keep_age $$`;

const withoutSearch: Break = (schema) => `
  create or replace function ${schema}.search_channels(keep_entries bigint, keep_age bigint, max_rows integer)
  returns boolean language sql as $$ select false $$`;

/** What a follower gets while four handles publish and applications commit transactions is the final list. */
async function checkOrder(breakIt: Break | null): Promise<void> {
  const { log, open } = await openBroken(server, breakIt);
  const handles = [log, await open(), await open(), await open()];
  const follower = await Follower.start(await open());
  await Promise.all([
    ...handles.flatMap((handle, index) => [
      publishFor(2_000, handle, `single ${index}`),
      publishFor(2_000, handle, `batch ${index}`, 20),
    ]),
    ...Array.from({ length: 4 }, async (_, index) => {
      const client = await connect();
      for (let round = 0; round < 100; round++) {
        await client.query("begin");
        await log.appendIn(client, [reliable("rooms/1", `"transaction ${index} ${round}"`)]);
        if (round % 10 === 0) await sleep(20);
        await client.query("commit");
      }
    }),
  ]);
  const followed = await follower.finish();
  expect(follower.holes).toEqual([]);
  expect(followed).toEqual(await everything(log));
}

/** Of four processes that expect the same value at the same time, one replaces it. */
async function checkExpected(breakIt: Break | null): Promise<void> {
  const { log, open } = await openBroken(server, breakIt);
  const handles = [log, await open(), await open(), await open()];
  let expects: Cursor | null = null;
  for (let round = 0; round < 100; round++) {
    const entry: NewEntry = { channel: "a", type: "topic", mode: "latest", data: `${round}`, expects };
    const attempts: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(
      handles.map((handle) => handle.append([entry])),
    );
    const won = attempts.flatMap((each) => (each.status === "fulfilled" ? each.value : []));
    expect(won).toHaveLength(1);
    expects = won[0]?.cursor ?? null;
  }
}

/** An append of another process is heard long before a poll. */
async function checkDoorbell(breakIt: Break | null): Promise<void> {
  const { log, open } = await openBroken(server, breakIt);
  const other = await open();
  let rings = 0;
  log.watch(() => {
    rings++;
  });
  await expect.poll(() => rings).toBeGreaterThan(0);
  for (let round = 0; round < 3; round++) {
    await sleep(500);
    const before = rings;
    await other.append([reliable("a")]);
    await expect.poll(() => rings, { timeout: 900 }).toBeGreaterThan(before);
  }
}

/** Retention may delete everything: the head stays where it was, and a reader there has lost nothing. */
async function checkHead(breakIt: Break | null): Promise<void> {
  let now = 1e12;
  const { log } = await openBroken(server, breakIt, { keep: { age: 1_000 }, now: () => now });
  await log.append([reliable("a"), reliable("a")]);
  const head = await log.head();
  now += 2_000;
  await log.trim();
  expect(await log.head()).toEqual(head);
  expect(await log.read(head, ["a"], { entries: 1, bytes: 1 })).toMatchObject({ holes: [] });
}

/** The rules that another process stores hold for what was counted before, too. */
async function checkRules(breakIt: Break | null): Promise<void> {
  const { log, open } = await openBroken(server, breakIt, { keep: { entries: 100 } });
  const other = await open();
  await log.append(Array.from({ length: 10 }, (_, n) => reliable("a", `${n}`)));
  await log.trim();
  await other.setRules({ channels: [{ pattern: "a", entries: 2, age: Infinity }], default: { entries: 5, age: 1e9 } });
  await log.trim();
  expect(await everything(log)).toEqual(["8", "9"]);
}

/** After a failover that loses entries, a reader of the lost suffix hears of it, and no other reader. */
async function checkTimeline(breakIt: Break | null): Promise<void> {
  const primary = await startServer();
  const { log } = await openBroken({ url: primary.url, newSchema: () => "tidings" }, breakIt);
  const { laggard, reader, promoted } = await failOver(primary, log);
  const { log: other } = await openTestLog({ url: promoted.url, newSchema: () => "tidings" });
  for (let n = 0; n < 10; n++) await other.append([reliable("a", `"new ${n}"`)]);
  const limit = { entries: 100, bytes: 1_000 };
  expect((await other.read(reader, ["a"], limit)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
  const page = await other.read(laggard, ["a"], limit);
  expect(page.holes).toEqual([]);
  expect(page.entries.filter(({ data }) => data?.startsWith('"new'))).toHaveLength(10);
}

describe("a broken log is found out:", () => {
  const cases = [
    ["appends without the lock", checkOrder, withoutLock],
    ["conditions without the lock", checkExpected, withoutLock],
    ["appends without NOTIFY", checkDoorbell, withoutNotify],
    ["a head that goes back after a trim", checkHead, withMovingHead],
    ["a process that trims by its own rules", checkRules, withOwnRules],
    ["new rules that hold only for new entries", checkRules, withoutSearch],
  ] as const;

  test.for(cases)("%s", { timeout: 60_000 }, async ([, check, breakIt]) => {
    await check(null);
    await expect(check(breakIt)).rejects.toMatchObject({ name: "AssertionError" });
  });

  test("an epoch that survives a failover", { timeout: 120_000 }, async () => {
    await checkTimeline(null);
    await expect(checkTimeline(withoutTimeline)).rejects.toMatchObject({ name: "AssertionError" });
  });
});
