import { IDEMPOTENCY_AGE, type EventLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { FLEETING, type RedisServer } from "../test/redis-server.ts";
import { everything, latest, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, server, startServer } from "../test/test-server.ts";

const PAGE = { entries: 100, bytes: 1e6 };

/** The keys of the server, without the prefix of the log. */
async function keysOf(own: RedisServer): Promise<string[]> {
  // The server answers with a list of texts.
  const keys = (await own.send("keys", "*")) as string[];
  return keys.map((key) => key.slice(key.indexOf("}:") + 2)).toSorted();
}

/** Opens a log on a server of its own. */
async function openAlone(options: Parameters<typeof openTestLog>[1] = {}) {
  const own = await startServer(FLEETING);
  return { own, ...(await openTestLog({ url: own.url, newName: () => "log" }, options)) };
}

/** Makes the log believe that it runs on another server than before, as after a restart. */
async function changeServer(own: RedisServer): Promise<void> {
  await own.send("hset", "{log}:meta", "owner", "another");
}

describe.runIf(hasServer)("the keys of a log", () => {
  test("have one hash tag, so that a cluster keeps them in one place, whatever the names of channels are", async () => {
    const { own, log } = await openAlone();
    await log.append([reliable("rooms/{other}"), reliable("}{"), latest("a", "{x}", "1")]);
    const keys = (await own.send("keys", "*")) as string[];
    expect(keys.filter((key) => !key.startsWith("{log}:"))).toEqual([]);
    expect(await log.recent(["rooms/{other}"], 9)).toMatchObject({ entries: { length: 1 } });
  });

  test("are few when nothing is left: neither channels nor idempotency keys leave anything behind", async () => {
    let now = 1e12;
    const { own, log } = await openAlone({ keep: { age: 1_000, emptyChannels: 0 }, now: () => now });
    await log.trim();
    const before = await keysOf(own);
    for (let round = 0; round < 3; round++) {
      await log.append(
        Array.from({ length: 500 }, (_, n) => [
          reliable(`jobs/${round}-${n}`, '"begun"', { idempotencyKey: "begun" }),
          latest(`jobs/${round}-${n}`, "", "1", { expires: 500 }),
          { channel: `jobs/${round}-${n}`, type: "hint", mode: "volatile", data: "2" } as const,
        ]).flat(),
      );
      now += 10_000;
      await log.trim();
      now += IDEMPOTENCY_AGE;
      await log.trim();
      await log.trim();
    }
    expect(await log.stat()).toMatchObject({ entries: 0, bytes: 0 });
    expect(await keysOf(own)).toEqual(before);
    expect(before.length).toBeLessThan(5);
  });

  test("that vanish, as in a restart without a file, leave an empty log: every reader gets a reset", async () => {
    const { own, log } = await openAlone();
    await log.append([reliable("a", "1"), reliable("a", "2")]);
    const seen = await log.head();
    await own.send("flushall");
    const page = await log.read(seen, ["a"], PAGE);
    expect(page).toMatchObject({ entries: [], next: { seq: 0 }, holes: [{ channel: "a", reason: "reset", to: 0 }] });
    expect(page.next.epoch).not.toBe(seen.epoch);
    // The same positions come again, in another epoch.
    await log.append([reliable("a", "3"), reliable("a", "4"), reliable("a", "5")]);
    expect(await log.read(seen, ["a"], PAGE)).toMatchObject({ entries: [], holes: [{ reason: "reset" }] });
    expect(await everything(log)).toEqual(["3", "4", "5"]);
  });
});

describe.runIf(hasServer)("the epochs of a log", () => {
  test("are a bounded list: after two hundred of them, an old position is a reset, and a new one is none", async () => {
    const { own, log } = await openAlone();
    const [first] = await log.append([reliable("a", "first")]);
    let recent = first;
    for (let epoch = 0; epoch < 200; epoch++) {
      await changeServer(own);
      [recent] = epoch < 150 ? [first] : await log.append([reliable("a", `${epoch}`)]);
      if (epoch < 150) await log.trim();
    }
    expect(await own.send("llen", "{log}:epochs")).toBe(100);
    if (first === undefined || recent === undefined) throw new Error("expected two positions");
    expect((await log.read(first.cursor, ["a"], PAGE)).holes).toMatchObject([{ reason: "reset" }]);
    expect((await log.read(recent.cursor, ["a"], PAGE)).holes).toEqual([]);
    // What is older than the oldest epoch is still read, with a position that is valid.
    const { entries } = await log.recent(["a"], 100);
    expect(entries.map(({ data }) => data)).toEqual(["first", ...Array.from({ length: 50 }, (_, n) => `${150 + n}`)]);
    for (const { epoch, seq } of entries) expect((await log.read({ epoch, seq }, ["a"], PAGE)).holes).toEqual([]);
  });

  test("change with the server only: a new one without a loss costs nobody a gap", async () => {
    const { own, log, open } = await openAlone();
    const [one] = await log.append([reliable("a", "1")]);
    const { epoch } = await log.head();
    await log.append([reliable("a", "2")]);
    await (await open()).trim();
    expect((await log.head()).epoch).toBe(epoch);
    await changeServer(own);
    // Reading is not writing.
    expect((await log.head()).epoch).toBe(epoch);
    await log.trim();
    expect((await log.head()).epoch).not.toBe(epoch);
    await log.append([reliable("a", "3")]);
    if (one === undefined) throw new Error("expected a position");
    const page = await log.read(one.cursor, ["a"], PAGE);
    expect(page).toMatchObject({ entries: [{ data: "2", epoch }, { data: "3" }], holes: [] });
  });

  test("decide about a value that is expected: its position has the epoch in which it was published", async () => {
    const { own, log } = await openAlone();
    const [first] = await log.append([latest("a", "x", "1")]);
    await changeServer(own);
    await log.append([reliable("a", "2")]);
    const other = { epoch: (await log.head()).epoch, seq: first?.cursor.seq ?? 0 };
    await expect(log.append([latest("a", "x", "3", { expects: other })])).rejects.toMatchObject({
      name: "ConflictError",
      cursor: first?.cursor,
    });
    expect(await log.append([latest("a", "x", "3", { expects: first?.cursor ?? null })])).toHaveLength(1);
  });
});

describe.runIf(hasServer)("a read", () => {
  async function fill(log: EventLog, count: number): Promise<void> {
    await log.append(Array.from({ length: count }, (_, n) => reliable(`rooms/${n % 3}`, `${n}`)));
  }

  test("of more entries than one command of a script may name finds all", async () => {
    const { log } = await openTestLog(server, { keep: { entries: 1 } });
    await fill(log, 20_000);
    const expected = Array.from({ length: 20_000 }, (_, n) => `${n}`);
    expect(await everything(log)).toEqual(expected);
    const { entries } = await log.recent(["rooms/0", "rooms/1", "rooms/2"], 19_999);
    expect(entries.map(({ data }) => data)).toEqual(expected.slice(1));
    await log.trim();
    expect((await log.stat()).entries).toBe(3);
  });

  test("before the first position finds nothing", async () => {
    const { log } = await openTestLog(server);
    await fill(log, 3);
    const { epoch } = await log.head();
    const page = await log.recent(["rooms/0"], 5, { epoch, seq: 0 });
    expect(page).toMatchObject({ entries: [], more: false, holes: [] });
  });

  test("has the numbers of a long life: positions with 15 digits are exact", async () => {
    const { own, log } = await openAlone();
    const far = 900_719_925_474_099;
    await own.send("hset", "{log}:meta", "seq", far);
    await log.append([reliable("a", "1"), latest("a", "x", "2"), latest("a", "x", "3")]);
    const { entries, next } = await log.read({ ...(await log.head()), seq: far }, ["a"], PAGE);
    expect(entries.map(({ seq, data }) => [seq - far, data])).toEqual([
      [1, "1"],
      [3, "3"],
    ]);
    expect(next.seq).toBe(far + 3);
    expect((await log.read(next, ["a"], PAGE)).entries).toEqual([]);
  });
});

describe.runIf(hasServer)("channels that have ended", () => {
  test("leave nothing behind past their retention: two thousand jobs leave as many keys as one", async () => {
    let now = 1e12;
    const { own, log } = await openAlone({ keep: { age: 1_000, emptyChannels: 10 }, now: () => now });
    const sizeAfter = async (first: number, count: number) => {
      const jobs = Array.from({ length: count }, (_, index) => `jobs/${first + index}`);
      await log.append(
        jobs.flatMap((job) => [
          reliable(job, "1", { idempotencyKey: "start" }),
          latest(job, "x", "2"),
          latest(job, "y", "3", { expires: 500 }),
          reliable(job, '"end"', { type: "end" }),
        ]),
      );
      await log.append([reliable("lobby", '"hi"')]);
      now += 1_000;
      await log.append([reliable("lobby", '"hi"')]);
      await log.trim();
      now += IDEMPOTENCY_AGE;
      await log.append([reliable("lobby", '"hi"')]);
      await log.trim();
      return [await keysOf(own), await log.stat().then(({ entries, bytes }) => ({ entries, bytes }))];
    };
    const one = await sizeAfter(0, 1);
    expect(await sizeAfter(1, 2_000)).toEqual(one);
    expect(await log.stat()).toMatchObject({ entries: 1 });
    const sets = await Promise.all(["trimmed", "empty", "due"].map((set) => own.send("zcard", `{log}:${set}`)));
    expect(Math.max(...sets.map(Number))).toBe(1);
  });
});
