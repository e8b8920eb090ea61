import { channel, defineContract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { formatCursor } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import type { FailedOver } from "../packages/log/test/failed-over.ts";

// What readers of a hub hear when the server of its log has failed over, and nobody publishes.

/** The channel whose entries the failover loses. */
const contract = defineContract({ a: channel("a", { message: z.string() }) });
/** A trim comes every 5 s, a poll every second. A busy machine is late. */
const PATIENT = { timeout: 60_000, interval: 50 };

/**
 * @param failOver appends entries and fails over to a copy that lacks the last of them; the log's address leads to the
 *   copy then
 */
export async function expectIdleReadersTold(log: EventLog, failOver: () => Promise<FailedOver>): Promise<void> {
  const hub = createHub(contract, { log, authorize: () => true, onLog: () => {} });
  const ending = new AbortController();
  const loops: Promise<void>[] = [];
  onTestFinished(async () => {
    ending.abort();
    await Promise.all(loops);
    await hub.close();
  });
  const follow = (after?: string): string[] => {
    const heard: string[] = [];
    const read = async (): Promise<void> => {
      const options = { signal: ending.signal, ...(after === undefined ? {} : { after }) };
      for await (const item of hub.events(contract.a(), options)) {
        heard.push(item.kind === "event" ? item.data : item.kind === "gap" ? `gap ${item.reason}` : item.kind);
      }
    };
    loops.push(read().catch((error: unknown) => void heard.push(String(error))));
    return heard;
  };
  const everything = follow();
  await expect
    .poll(async () => {
      await hub.publish(contract.a(), "message", "begin");
      return everything.length;
    })
    .toBeGreaterThan(0);
  const { laggard } = await failOver();
  await expect.poll(() => everything.at(-1), PATIENT).toBe("gap lost");
  // Whoever has seen nothing of what is lost hears of nothing.
  const behind = follow(formatCursor(laggard));
  await hub.publish(contract.a(), "message", "new");
  await expect.poll(() => [everything.at(-1), behind], PATIENT).toEqual(["new", ["new"]]);
  expect(everything.filter((text) => text.startsWith("gap"))).toEqual(["gap lost"]);
  expect(everything).toContain("lost 4");
}
