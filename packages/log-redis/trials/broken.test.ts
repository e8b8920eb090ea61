import { setTimeout as sleep } from "node:timers/promises";
import type { Appended, NewEntry } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { describe, expect, test, vi } from "vitest";
import { Follower, publishFor } from "../../log-postgres/trials/follower.ts";
import type { WritingScripts } from "../src/redis-log.ts";
import { defineScript, type Script } from "../src/scripts/script.ts";
import { DURABLE, FLEETING } from "../test/redis-server.ts";
import { everything, latest, openTestLog, reliable, SCRIPTS } from "../test/test-log.ts";
import { hasServer, server, startServer } from "../test/test-server.ts";
import { failOver, waitForCopy } from "./fail-over.ts";

// Logs that are broken, each by one line of a script. The conformance suite may pass with them. Each check passes on
// the sound log and fails on the broken one.

vi.setConfig({ testTimeout: 120_000 });

const PAGE = { entries: 1_000, bytes: 1e6 };

/** Replaces a text of the scripts. */
function broken(found: string, replacement: string): WritingScripts {
  const { append, trim } = SCRIPTS;
  if (!append.text.includes(found) && !trim.text.includes(found)) throw new Error(`No script has ${found}`);
  const change = ({ text }: Script): Script => defineScript(text.replaceAll(found, () => replacement));
  return { append: change(append), trim: change(trim) };
}

const withoutBell = broken("redis.pcall('PUBLISH', PREFIX .. 'bell', '')", "");
const withoutServer = broken("owner ~= server()", "false");
/** Only the name of the process, which it keeps while it is a replica. */
const withoutHistory = broken(" .. (history or '')", "");
const withUnboundedEpochs = broken("call('LTRIM'", "call('LRANGE'");
const withTrimmedHead = broken(
  "call('HSET', META, 'dropped'",
  "call('HSET', META, 'seq', call('ZCARD', ALL), 'dropped'",
);
const withoutForgetting = broken("forget_keys()\nforget_channels()", "");
const withHalfBatches = broken(
  "find_conflict(batch) or append(batch)",
  "append({ batch[1] }) and find_conflict(batch) or append(batch)",
);
const withoutDue = broken("call('ZADD', DUE, 0, channel)", "call('ZADD', DUE, 'NX', now + 1e9, channel)");

/** An append of another process is heard long before a poll. */
async function checkDoorbell(scripts: WritingScripts): Promise<void> {
  const { log, open } = await openTestLog(server, {}, scripts);
  const other = await open();
  let rings = 0;
  log.watch(() => {
    rings++;
  });
  // It has tested itself, and does not poll any more.
  await sleep(2_500);
  for (let round = 0; round < 3; round++) {
    await sleep(300);
    const before = rings;
    await other.append([reliable("a")]);
    await expect.poll(() => rings, { timeout: 900 }).toBeGreaterThan(before);
  }
}

/** Retention may delete everything: the head stays where it was, and a reader there has lost nothing. */
async function checkHead(scripts: WritingScripts): Promise<void> {
  let now = 1e12;
  const { log } = await openTestLog(server, { keep: { age: 1_000 }, now: () => now }, scripts);
  await log.append([reliable("a"), reliable("a")]);
  const head = await log.head();
  now += 2_000;
  await log.trim();
  expect(await log.head()).toEqual(head);
}

/** After a failover that loses entries, a reader of the lost suffix hears of it, and no other reader. */
async function checkFailover(scripts: WritingScripts): Promise<void> {
  const primary = await startServer(DURABLE);
  const { log } = await openTestLog({ url: primary.url, newName: () => "log" }, {}, scripts);
  const { laggard, reader, promoted } = await failOver(primary, log);
  const { log: other } = await openTestLog({ url: promoted.url, newName: () => "log" }, {}, scripts);
  for (let n = 0; n < 10; n++) await other.append([reliable("a", `"new ${n}"`)]);
  expect((await other.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
  const page = await other.read(laggard, ["a"], PAGE);
  expect(page.holes).toEqual([]);
  expect(page.entries).toHaveLength(10);
}

/** The same, when the former primary is the primary again, and the other one has got no entry. */
async function checkWayBack(scripts: WritingScripts): Promise<void> {
  const [first, second] = [await startServer(FLEETING), await startServer(FLEETING)];
  const { log } = await openTestLog({ url: first.url, newName: () => "log" }, {}, scripts);
  await second.follow(first);
  await log.append([reliable("a", '"kept"')]);
  await waitForCopy(second, log);
  await second.promote();
  await log.append([reliable("a", '"lost"')]);
  const reader = await log.head();
  await first.follow(second);
  await first.promote();
  await log.append([reliable("a", '"new"'), reliable("a", '"new"')]);
  expect((await log.read(reader, ["a"], PAGE)).holes).toMatchObject([{ channel: "a", reason: "lost" }]);
}

/** However often the server changes, what the log remembers of that is bounded. */
async function checkEpochs(scripts: WritingScripts): Promise<void> {
  const own = await startServer(FLEETING);
  const { log } = await openTestLog({ url: own.url, newName: () => "log" }, {}, scripts);
  for (let epoch = 0; epoch < 150; epoch++) {
    await own.send("hset", "{log}:meta", "owner", "another");
    await log.trim();
  }
  expect(await own.send("llen", "{log}:epochs")).toBe(100);
}

/** What is gone leaves nothing behind. */
async function checkForgetting(scripts: WritingScripts): Promise<void> {
  let now = 1e12;
  const own = await startServer(FLEETING);
  const keep = { age: 1_000, emptyChannels: 3 };
  const { log } = await openTestLog({ url: own.url, newName: () => "log" }, { keep, now: () => now }, scripts);
  await log.append(Array.from({ length: 20 }, (_, n) => reliable(`${n}`, "1", { idempotencyKey: "once" })));
  for (let round = 0; round < 3; round++) {
    now += 700_000;
    await log.trim();
  }
  expect(await own.send("hlen", "{log}:once")).toBe(0);
  expect(await own.send("zcard", "{log}:trimmed")).toBe(3);
}

/** Retention finds the channels that have something to drop, without looking at the others. */
async function checkDue(scripts: WritingScripts): Promise<void> {
  const { log } = await openTestLog(server, { keep: { entries: 2 } }, scripts);
  await log.append([reliable("a", "1")]);
  await log.trim();
  await log.append([reliable("a", "2"), reliable("a", "3")]);
  await log.trim();
  expect(await everything(log)).toEqual(["2", "3"]);
}

/** Of four processes that expect the same value at the same time, one replaces it, and the others append nothing. */
async function checkExpected(scripts: WritingScripts): Promise<void> {
  const { log, open } = await openTestLog(server, {}, scripts);
  const handles = [log, await open(), await open(), await open()];
  let expects: Cursor | null = null;
  for (let round = 0; round < 50; round++) {
    const batch: NewEntry[] = [reliable("a", `${round}`), latest("a", "x", `${round}`, { expects })];
    const attempts: PromiseSettledResult<readonly Appended[]>[] = await Promise.allSettled(
      handles.map((handle) => handle.append(batch)),
    );
    const won = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(won).toHaveLength(1);
    expects = won[0]?.[1]?.cursor ?? null;
  }
  expect((await log.recent(["a"], 1_000)).entries).toHaveLength(50);
}

describe.runIf(hasServer)("a broken log is found out:", () => {
  const cases = [
    ["appends without the doorbell", checkDoorbell, withoutBell],
    ["a head that goes back after a trim", checkHead, withTrimmedHead],
    ["an epoch that survives a failover", checkFailover, withoutServer],
    ["an epoch by the name of the process only", checkWayBack, withoutHistory],
    ["epochs without a bound", checkEpochs, withUnboundedEpochs],
    ["keys and channels that are never forgotten", checkForgetting, withoutForgetting],
    ["channels that retention does not look at", checkDue, withoutDue],
    ["a batch that conflicts, and is appended in part", checkExpected, withHalfBatches],
  ] as const;

  test.for(cases)("%s", async ([, check, scripts]) => {
    await check(SCRIPTS);
    await expect(check(scripts)).rejects.toMatchObject({ name: "AssertionError" });
  });
});

describe.runIf(hasServer)("the order of four processes at full speed", () => {
  test("is for a follower that of the final list", async () => {
    const { log, open } = await openTestLog(server);
    const handles = [log, await open(), await open(), await open()];
    const follower = await Follower.start(await open());
    await Promise.all(
      handles.flatMap((handle, index) => [
        publishFor(2_000, handle, `single ${index}`),
        publishFor(2_000, handle, `batch ${index}`, 20),
      ]),
    );
    const followed = await follower.finish();
    expect(follower.holes).toEqual([]);
    expect(followed).toEqual(await everything(log));
    expect(followed.length).toBeGreaterThan(1_000);
  });
});
