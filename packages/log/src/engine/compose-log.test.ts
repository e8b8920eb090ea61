import { describe, expect, test } from "vitest";
import { memoryLog } from "../memory-log.ts";
import { composeLog, composeTransactionalLog, type LogParts } from "./compose-log.ts";
import { Watchers } from "./watchers.ts";

/** The parts of a log in memory, and what happens to them. */
function createParts() {
  const storage = memoryLog();
  const happened: string[] = [];
  const passes: (() => void)[] = [];
  const parts: LogParts = {
    keep: { entries: 1, age: 2, bytes: 3, emptyChannels: 4 },
    watchers: new Watchers(),
    reader: {
      read: (...asked) => storage.read(...asked),
      recent: (...asked) => storage.recent(...asked),
      current: (...asked) => storage.current(...asked),
      head: () => storage.head(),
      stat: async () => ({ ...(await storage.stat()), rules: null }),
    },
    append: (batch) => storage.append(batch),
    listen() {
      happened.push("listens");
      return { close: () => void happened.push("hears nothing") };
    },
    storeRules: (rules) => storage.setRules(rules),
    trim: (closing) =>
      new Promise((resolve, reject) => {
        happened.push("trims");
        passes.push(resolve);
        // The step that runs takes its time.
        const end = (): void => {
          happened.push("trims no more");
          reject(new Error("closing"));
        };
        closing.addEventListener("abort", () => setTimeout(end, 10));
      }),
    async close() {
      happened.push("closes");
    },
  };
  return { parts, happened, passes };
}

const entry = { channel: "a", type: "message", mode: "reliable", data: "1" } as const;

describe("a composed log", () => {
  test("listens once, when somebody watches", async () => {
    const { parts, happened } = createParts();
    const log = composeLog(parts);
    await log.append([entry]);
    expect(happened).toEqual([]);
    let wakes = 0;
    for (let n = 0; n < 3; n++) log.watch(() => wakes++);
    parts.watchers.wake();
    expect([happened, wakes]).toEqual([["listens"], 3]);
  });

  test("runs one pass of retention at a time", async () => {
    const { parts, happened, passes } = createParts();
    const log = composeLog(parts);
    const both = [log.trim(), log.trim()];
    expect(happened).toEqual(["trims"]);
    passes.forEach((end) => end());
    await Promise.all(both);
    void log.trim().catch(() => {});
    expect(happened).toEqual(["trims", "trims"]);
  });

  test("says what it was told to keep as long as no rules are stored", async () => {
    const { parts } = createParts();
    expect(await composeLog(parts).stat()).toMatchObject({
      keep: { bytes: 3 },
      rules: { channels: [], default: { entries: 1, age: 2 } },
    });
  });

  test("closes once, when no pass of retention runs any more, and refuses every call after that", async () => {
    const { parts, happened } = createParts();
    const log = composeTransactionalLog(parts, (transaction: string[]) => void transaction.push("inserted"));
    log.watch(() => {});
    const trimming = log.trim();
    const inserted: string[] = [];
    void log.appendIn(inserted, [entry]);
    // Handed over before the call returns.
    expect(inserted).toEqual(["inserted"]);
    const head = await log.head();
    const closing = [log.close(), log.close()];
    await expect(trimming).rejects.toThrow("closing");
    await Promise.all(closing);
    expect(happened).toEqual(["listens", "trims", "hears nothing", "trims no more", "closes"]);
    const limit = { entries: 1, bytes: 1 };
    const calls = [
      log.append([entry]),
      log.appendIn(inserted, [entry]),
      log.read(head, null, limit),
      log.recent(["a"], 1),
      log.current(["a"], null, limit),
      log.head(),
      log.setRules({ channels: [], default: { entries: 1, age: 1 } }),
      log.stat(),
    ];
    for (const call of calls) await expect(call).rejects.toThrow("Expected an open log, got one that was closed");
    await log.trim();
    log.watch(() => {});
    expect([happened.length, inserted.length]).toEqual([5, 1]);
  });
});
