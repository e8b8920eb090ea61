import type { Page } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { driver, entry, freshPath, openLog } from "../trials/fresh-file.ts";

describe(`reads, by ${driver.name}`, () => {
  test("so many channels that the log is scanned for them are read like few", async () => {
    const log = openLog(freshPath());
    const channels = Array.from({ length: 1_500 }, (_, n) => `rooms/${n}`);
    for (let n = 0; n < 3; n++) await log.append(channels.map((channel) => entry(channel, `${n}`)));
    const start = { ...(await log.head()), seq: 0 };
    for (const count of [1_000, 1_001]) {
      const asked = channels.slice(0, count);
      const found: string[] = [];
      let page: Page = { entries: [], next: start, more: true, holes: [] };
      while (page.more) {
        page = await log.read(page.next, asked, { entries: 400, bytes: 1e6 });
        found.push(...page.entries.map(({ channel, data }) => `${channel}=${data}`));
      }
      expect(found).toEqual([0, 1, 2].flatMap((n) => asked.map((channel) => `${channel}="${n}"`)));
      expect(page.next).toEqual(await log.head());
    }
  });

  test("a look that fails does not spoil the next one", async () => {
    const log = openLog(freshPath());
    await log.append([entry("a", "1")]);
    const start = { ...(await log.head()), seq: 0 };
    // What no driver binds.
    const broken = { ...start, seq: Symbol("seq") as unknown as number };
    await expect(log.read(broken, ["a"], { entries: 10, bytes: 1e6 })).rejects.toThrow("Cannot read the log");
    expect((await log.read(start, ["a"], { entries: 10, bytes: 1e6 })).entries).toHaveLength(1);
  });
});
