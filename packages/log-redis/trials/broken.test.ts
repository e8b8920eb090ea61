import { lawOf, tryLaw } from "@tidings/log/conformance";
import { systemClock } from "@tidings/protocol/clock";
import { describe, expect, test, vi } from "vitest";
import type { WritingScripts } from "../src/redis-log.ts";
import { defineScript, type Script } from "../src/scripts/script.ts";
import { openEngine } from "../test/open-engine.ts";
import { FLEETING } from "../test/redis-server.ts";
import { reliable } from "../../log/test/entries.ts";
import { openTestLog, SCRIPTS } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";
import { waitForCopy } from "./fail-over.ts";

// Logs that are broken, each by one line of a script.

vi.setConfig({ testTimeout: 120_000 });

const FACTS = { survivesReopen: true, heedsClock: true, runs: 5 };
const PAGE = { entries: 1_000, bytes: 1e6 };

/** Replaces a text of the scripts. */
function broken(found: string, replacement: string): WritingScripts {
  const { append, trim } = SCRIPTS;
  if (!append.text.includes(found) && !trim.text.includes(found)) throw new Error(`No script has ${found}`);
  const change = ({ text }: Script): Script => defineScript(text.replaceAll(found, () => replacement));
  return { append: change(append), trim: change(trim) };
}

const withoutBell = broken("redis.pcall('PUBLISH', ROOT .. 'bell', '')", "");
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
const withHolesInBatches = broken("head = head + 1", "head = head + 2");
const withRest = broken("if ending and all_ids[#all_ids] == ending then forget_channel(channel) end", "");
const withoutDue = broken("call('ZADD', DUE, 0, channel)", "call('ZADD', DUE, 'NX', now + 1e9, channel)");

/**
 * After a failover and a way back, a reader of what was lost hears of it, although the other server has got no entry.
 */
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

describe.runIf(hasServer)("a broken log is found out by a law:", () => {
  test.for<[string, string, WritingScripts]>([
    [
      "appends without the doorbell",
      "after a quiet time, it wakes a watcher for what another handle appends",
      withoutBell,
    ],
    [
      "a head that goes back after a trim",
      "when everything was dropped, the head is where it was: a reader there has lost nothing, and goes on",
      withTrimmedHead,
    ],
    [
      "an epoch that survives a failover",
      "after a failover, a trim tells who has seen a lost entry, and nobody else has a gap",
      withoutServer,
    ],
    [
      "conditions that count on through a failover",
      "after a failover, a position that was lost is not that of the value which stands there now",
      withoutServer,
    ],
    [
      "channels that retention does not look at",
      "the newest entries of each channel are kept, up to the limit",
      withoutDue,
    ],
    [
      "a batch that conflicts, and is appended in part",
      "of four handles that expect the same value at the same time, one replaces it, and the others append nothing",
      withHalfBatches,
    ],
    [
      "positions between the entries of a batch",
      "the entries of a batch have consecutive positions, while other handles append, too",
      withHolesInBatches,
    ],
    [
      "an end that leaves the rest of its channel",
      "with its end, everything of a channel is forgotten: its values, too. Then it can be used again",
      withRest,
    ],
  ])("%s", async ([, title, scripts]) => {
    const tried = tryLaw(lawOf(title), { open: openEngine(scripts), facts: FACTS });
    await expect(tried).rejects.toMatchObject({ name: "AssertionError" });
  });
});

describe.runIf(hasServer)("a log that takes the time from each process is found out by a law:", () => {
  test.for([
    "its age is judged by the clock of the storage: what a process with another clock publishes is owed to all",
    "the age of an entry is judged by the clock of the storage, whatever that of a process says",
  ])("%s", async (title) => {
    const open = openEngine(SCRIPTS, (options) => ({ ...options, now: () => (options.clock ?? systemClock).now() }));
    const tried = tryLaw(lawOf(title), { open, facts: FACTS });
    await expect(tried).rejects.toMatchObject({ name: "AssertionError" });
  });
});

describe.runIf(hasServer)("a broken log is found out, where no law looks:", () => {
  test.for<[string, (scripts: WritingScripts) => Promise<void>, WritingScripts]>([
    ["an epoch by the name of the process only", checkWayBack, withoutHistory],
    ["epochs without a bound", checkEpochs, withUnboundedEpochs],
    ["keys and channels that are never forgotten", checkForgetting, withoutForgetting],
  ])("%s", async ([, check, scripts]) => {
    await check(SCRIPTS);
    await expect(check(scripts)).rejects.toMatchObject({ name: "AssertionError" });
  });
});
