import { describe, expect, test } from "vitest";
import { driver, entry, temporaryPath, openFile, writerOptions } from "../trials/temporary-file.ts";
import type { LogFile } from "./log-file.ts";
import { LogReader } from "./log-reader.ts";
import { Retention } from "./retention.ts";
import { storeRules } from "./stored-rules.ts";
import { LogWriter } from "./log-writer.ts";

/** SQLite's query plan of every statement. */
function plansOf(file: LogFile): { sql: string; steps: string }[] {
  const texts = file.texts.filter((sql) => /^\s*(?:select|insert|delete|update)\b/i.test(sql));
  return texts.map((sql) => {
    const steps = file.prepare(`explain query plan ${sql}`).all();
    return { sql, steps: steps.map(({ detail }) => String(detail)).join("\n") };
  });
}

/** Plans that scan a table that grows, visit every value that may expire one day, or sort. */
const COSTLY = new RegExp(
  [
    "SCAN (?:tidings_(?:entry|channel|idempotency)|entry)\\b" +
      "(?!.*USING (?:COVERING )?INDEX tidings_(?:entry_kept|entry_volatile|channel_empty))",
    "\\(expires_at>\\?\\)",
    "TEMP B-TREE",
  ].join("|"),
);

describe(`query plans of the log's statements, by ${driver.name}`, () => {
  test("reads use an index and do not sort", async () => {
    const file = openFile(temporaryPath());
    await new LogWriter(file, writerOptions).append([
      ...Array.from({ length: 20 }, (_, n) => entry(`rooms/${n % 3}`, `${n}`)),
      { ...entry("rooms/1", "value"), mode: "latest", key: "" },
    ]);
    file.exec("delete from tidings_entry where seq in (1, 3)");
    const reader = new LogReader(file, { now: Date.now });
    const start = { ...reader.head(), seq: 0 };
    const limit = { entries: 10, bytes: 1e6 };
    const named = ["rooms/0", "rooms/1"];
    expect(reader.read(start, named, limit)).toMatchObject({ more: true, holes: [{ channel: "rooms/0", to: 1 }] });
    expect(reader.read(start, null, limit)).toMatchObject({ more: true, holes: [{ to: 1 }, { to: 3 }] });
    expect(reader.recent(named, 2).entries).toHaveLength(2);
    expect(reader.current(named, null, limit).entries).toHaveLength(1);
    const plans = plansOf(file);
    expect(plans.length).toBeGreaterThanOrEqual(8);
    for (const { sql, steps } of plans) expect(steps, sql).not.toMatch(COSTLY);
  });

  test("appends and retention use an index and do not sort", async () => {
    const file = openFile(temporaryPath());
    const writer = new LogWriter(file, writerOptions);
    const once = [entry("rooms/1", "1", { idempotencyKey: "key" })];
    await writer.append([...once, entry("rooms/1", "2"), entry("rooms/1", "3")]);
    await writer.append(once);
    const pass = new Retention(file, { entries: 1, age: 1e9, bytes: 1, emptyChannels: 0 });
    storeRules(file, { channels: [{ pattern: "rooms/2", entries: 1, age: 0 }], default: { entries: 1, age: 1e9 } });
    await writer.append([entry("rooms/2", "too old at once")]);
    pass.begin(Date.now() + 1);
    // The second step looks at new entries instead of channels.
    for (let step = 0; step < 2; step++) file.transact("begin immediate", () => pass.step());
    expect(file.texts.length).toBeGreaterThanOrEqual(12);
    for (const { sql, steps } of plansOf(file)) {
      expect(steps, sql).not.toMatch(COSTLY);
    }
  });

  test("the statements of the triggers use an index and do not sort", () => {
    const file = openFile(temporaryPath());
    const triggers = file.prepare("select sql from sqlite_master where type = 'trigger'").all();
    const statements = triggers.flatMap(({ sql }) => {
      const [, body = ""] = /\bbegin\b(.*)\bend$/s.exec(String(sql)) ?? [];
      return body.split(";").map((text) =>
        text
          .replaceAll(/\b(?:new|old)\.(?!kind)\w+/g, "?")
          .replaceAll(/\b(?:new|old)\.kind/g, "1")
          .trim(),
      );
    });
    const searching = statements.filter((text) => /^(?:delete|update)/.test(text));
    expect(searching).toHaveLength(11);
    for (const sql of searching) {
      const steps = file
        .prepare(`explain query plan ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
      expect(steps.join("\n"), sql).not.toMatch(COSTLY);
    }
  });
});
