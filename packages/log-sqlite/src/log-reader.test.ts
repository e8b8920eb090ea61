import type { Page } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { driver, entry, temporaryPath, openLog } from "../trials/temporary-file.ts";

describe(`reads, by ${driver.name}`, () => {
  test("more channels than are read by index give the same entries, by a scan of the log", async () => {
    const log = openLog(temporaryPath());
    const channels = Array.from({ length: 1_500 }, (_, n) => `rooms/${n}`);
    for (let n = 0; n < 3; n++) await log.append(channels.map((channel) => entry(channel, `${n}`)));
    const start = { ...(await log.head()), seq: 0 };
    for (const count of [1_000, 1_001]) {
      const named = channels.slice(0, count);
      const found: string[] = [];
      let page: Page = { entries: [], next: start, more: true, holes: [] };
      while (page.more) {
        page = await log.read(page.next, named, { entries: 400, bytes: 1e6 });
        found.push(...page.entries.map(({ channel, data }) => `${channel}=${data}`));
      }
      expect(found).toEqual([0, 1, 2].flatMap((n) => named.map((channel) => `${channel}="${n}"`)));
      expect(page.next).toEqual(await log.head());
    }
  });

  test("a read that fails does not disturb the next one", async () => {
    const log = openLog(temporaryPath());
    await log.append([entry("a", "1")]);
    const start = { ...(await log.head()), seq: 0 };
    // No driver can bind a symbol.
    const broken = { ...start, seq: Symbol("seq") as unknown as number };
    await expect(log.read(broken, ["a"], { entries: 10, bytes: 1e6 })).rejects.toThrow("Cannot read the log");
    expect((await log.read(start, ["a"], { entries: 10, bytes: 1e6 })).entries).toHaveLength(1);
  });
});
