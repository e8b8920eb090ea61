import { describe, expect, test } from "vitest";
import type { EndedError, NewEntry } from "@tidings/log";
import {
  driver,
  entry,
  everything,
  openApplication,
  openFile,
  openLog,
  temporaryPath,
} from "../trials/temporary-file.ts";

const end = (channel: string, data = "end"): NewEntry => ({ ...entry(channel, data), type: "end" });

describe(`the end of a channel, by ${driver.name}`, () => {
  test("published inside a transaction leaves the transaction as it was, when the channel has ended", async () => {
    const path = temporaryPath();
    const log = openLog(path);
    const application = openApplication(path);
    application.exec("begin immediate");
    await log.appendIn(application, [entry("a", "1"), end("a", "2")]);
    const refused = log.appendIn(application, [entry("b", "3"), entry("a", "4")]);
    await expect(refused).rejects.toMatchObject({ name: "EndedError", cursor: { seq: 2 } });
    await expect(log.appendIn(application, [end("b"), entry("b", "5")])).rejects.toMatchObject({ cursor: null });
    await log.appendIn(application, [{ ...end("b", "6"), idempotencyKey: "k" }]);
    await log.appendIn(application, [{ ...end("b", "7"), idempotencyKey: "k" }]);
    application.exec("commit");
    expect(await everything(log)).toEqual(["1", "2", "6"]);
    await expect(log.append([entry("a", "8")])).rejects.toMatchObject({ name: "EndedError" });
  });

  test("is named by its position alone, whatever else the driver has in a row", async () => {
    const log = openLog(temporaryPath());
    const [appended] = await log.append([end("a")]);
    const refused = await log.append([entry("a", "late")]).catch((error: EndedError) => error.cursor);
    expect(refused).toStrictEqual(appended?.cursor);
  });

  test("is seen by a handle that has no transaction open, and that has read nothing", async () => {
    const path = temporaryPath();
    const [log, other] = [openLog(path), openLog(path)];
    const application = openApplication(path);
    await log.appendIn(application, [entry("a", "1")]);
    await other.append([end("a", "2")]);
    await expect(log.appendIn(application, [entry("a", "3")])).rejects.toMatchObject({ name: "EndedError" });
    expect(await everything(log)).toEqual(["1", "2"]);
  });

  test("past its retention leaves nothing in the file: a thousand jobs leave as many rows as one", async () => {
    const path = temporaryPath();
    let now = 1_000_000;
    const log = openLog(path, { keep: { age: 1_000, emptyChannels: 10 }, now: () => now });
    const file = openFile(path);
    const rowsAfter = async (first: number, count: number) => {
      const jobs = Array.from({ length: count }, (_, index) => `jobs/${first + index}`);
      for (const job of jobs) {
        void log.append([
          { ...entry(job, "1"), idempotencyKey: "start" },
          { ...entry(job, "2"), type: "progress", mode: "latest", key: "" },
          end(job),
        ]);
      }
      await log.append([entry("lobby", "hi")]);
      now += 601_000;
      await log.trim();
      await log.append([entry("lobby", "hi")]);
      const tables = ["entry", "channel", "idempotency"].map((name) => `tidings_${name}`);
      return tables.map((table) => Number(file.prepare(`select count(*) as count from ${table}`).get()?.["count"]));
    };
    const rows = await rowsAfter(0, 1);
    expect(rows).toEqual([1, 1, 0]);
    expect(await rowsAfter(1, 1_000)).toEqual(rows);
    expect(file.prepare("select entries, empty_channels from tidings_total").get()).toMatchObject({
      entries: 1,
      empty_channels: 0,
    });
  });
});
