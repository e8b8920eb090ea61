import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { keepDigest, openDigest, shop } from "../../examples/digest.ts";
import { killWithTest } from "../kill-with-test.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { amount, PATIENCE, record } from "./long-run.ts";

const KILLS = amount(10, 200);
const PROGRAM = fileURLToPath(new URL("job-program.ts", import.meta.url));
/** Lines that a job writes before it is killed, at least. */
const LINES = 20;

test(
  `a job that is killed ${KILLS} times while orders come writes each of them once, in order`,
  async () => {
    const folder = await temporaryFolder();
    const [logPath, digestPath] = [join(folder, "shop.db"), join(folder, "digest.db")];
    const hub = createHub(shop, { log: sqliteLog(logPath), authorize: () => false });
    const digest = openDigest(digestPath);
    const ordered: string[] = [];
    let isOver = false;
    onTestFinished(async () => {
      isOver = true;
      await ordering;
      await hub.close();
      digest.database.close();
    });
    const ordering = (async () => {
      while (!isOver) {
        const item = String(ordered.length);
        await hub.publish(shop.orders(), "placed", { item });
        ordered.push(`ordered: ${item}`);
        await sleep(1);
      }
    })();
    const written = () => digest.readLines().length;
    for (let kills = 0; kills < KILLS; kills++) {
      const before = written();
      const options = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
      const job = spawn(process.execPath, [...options, PROGRAM, logPath, digestPath], { stdio: "inherit" });
      const kill = killWithTest(job);
      await expect.poll(written, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + LINES);
      await kill();
    }
    isOver = true;
    await ordering;
    void keepDigest(hub, digest);
    await expect.poll(written, { timeout: 60_000 }).toBeGreaterThanOrEqual(ordered.length);
    expect(digest.readLines()).toEqual(ordered);
    record("kill -9 of a job", { kills: KILLS, orders: ordered.length });
  },
  PATIENCE,
);
