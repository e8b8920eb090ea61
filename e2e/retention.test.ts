import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type KeepOption } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openFile } from "../packages/log-sqlite/trials/temporary-file.ts";
import { temporaryPath } from "./temporary-folder.ts";

const contract = defineContract({
  job: channel(
    "jobs/:id",
    { line: z.string(), percent: latest(z.number()), hint: latest(z.string(), { expires: 5_000 }) },
    { end: z.string() },
  ),
  room: channel("rooms/:id", { message: z.string() }),
});
const room = contract.room({ id: "lobby" });
const MINUTE = 60_000;
const PATIENCE = { timeout: 60_000, interval: 20 };

interface Engine {
  readonly open: () => EventLog;
  /** Whether it has rows. */
  readonly isStored: boolean;
  /** How many rows there are; 0 where it has none. */
  readonly rows: () => number;
}

/** Opens handles on one log. */
const engines: Readonly<Record<string, (clock: VirtualClock) => Promise<Engine>>> = {
  async memory(clock) {
    const log = memoryLog({ now: clock.now });
    return { open: () => wrapLog(log, { close: async () => {} }), isStored: false, rows: () => 0 };
  },
  async SQLite(clock) {
    const path = await temporaryPath();
    const file = () => openFile(path);
    return {
      isStored: true,
      open: () => sqliteLog(path, { now: clock.now }),
      rows() {
        const tables = ["entry", "channel", "idempotency"].map((name) => `select count(*) as n from tidings_${name}`);
        return Number(
          file()
            .prepare(`select sum(n) as rows from (${tables.join(" union all ")})`)
            .get()?.["rows"],
        );
      },
    };
  },
};

describe.each(Object.entries(engines))("with a log in %s", (_, openEngine) => {
  const start = (clock: VirtualClock, log: EventLog, keep: KeepOption<"job" | "room">) =>
    createHub(contract, { log, keep, authorize: () => true, clock, onLog: () => {} });

  test("a job with values, a lease, a stop and a command leaves nothing behind when its end is gone", async () => {
    const clock = new VirtualClock();
    const { open, rows, isStored } = await openEngine(clock);
    const log = open();
    const hub = start(clock, log, { default: { age: MINUTE }, channels: { room: { age: 100 * MINUTE } } });
    await hub.publish(room, "message", "stays");

    async function runJobs(from: number, count: number) {
      for (let id = from; id < from + count; id++) {
        const job = contract.job({ id: `${id}` });
        const writer = await hub.lease(job, { ttl: 5_000, aborted: "aborted" });
        await writer.publish("line", "a");
        await writer.publish("percent", 50);
        await writer.publish("hint", "soon");
        await hub.stop(job, "enough");
        await hub.disconnect({ address: job });
        // By its writer, by somebody else, by nobody, and after a withdrawal.
        if (id % 4 === 0) await writer.end("done");
        if (id % 4 === 1) await hub.end(job, "by somebody else");
        if (id % 4 === 2) await hub.clear(job, "percent");
        if (id % 4 >= 2) await writer.release();
        if (id % 4 >= 2) await hub.end(job, "late");
      }
      // Idempotency keys are remembered for ten minutes.
      await clock.advance(12 * MINUTE);
    }
    /** What there is. A trim works in steps, and its file does not know of the virtual time. */
    const left = async () => {
      await clock.advance(MINUTE / 6);
      const { entries } = await log.stat();
      return { entries, rows: rows() };
    };

    // The message and its channel, the channel of leases, and those of commands, which use 64 in turn.
    const nothing = { entries: 1, rows: isStored ? 1 + 1 + 1 + 64 : 0 };
    await runJobs(0, 64);
    await expect.poll(left, PATIENCE).toEqual(nothing);
    await runJobs(64, 192);
    await expect.poll(left, PATIENCE).toEqual(nothing);
    await Promise.all([hub.close(), clock.advance(MINUTE)]);
  }, 300_000);

  test("in a rolling deployment, both hubs trim by the rule of the newer one, whichever of them trims", async () => {
    const clock = new VirtualClock();
    const { open } = await openEngine(clock);
    const strict = { channels: { room: { entries: 2 } } };
    const generous = { channels: { room: { entries: 5 } } };
    const old = start(clock, open(), strict);
    await clock.advance(1_000);
    const next = start(clock, open(), generous);
    const log = open();
    /** Less than five would be the rule of the old one, and then they never come back. */
    const expectFiveOf = async (hub: typeof old) => {
      for (let text = 0; text < 9; text++) await hub.publish(room, "message", `${text}`);
      const kept = async () => {
        await clock.advance(10_000);
        return (await log.recent([room.path], 20)).entries.length;
      };
      await expect.poll(kept, PATIENCE).toBe(5);
    };
    await clock.advance(1_000);
    await expectFiveOf(old);
    await expectFiveOf(next);
    await Promise.all([next.close(), clock.advance(MINUTE)]);
    // The old one is alone, and the rule stays.
    await expectFiveOf(old);
    await Promise.all([old.close(), log.close(), clock.advance(MINUTE)]);
  });
});
