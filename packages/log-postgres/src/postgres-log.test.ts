import { describe, expect, onTestFinished, test, vi } from "vitest";
import { describePostgresLog } from "../test/describe-log.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { server } from "../test/test-server.ts";

/** A server that is restarted belongs to one test, and takes seconds to start. */
const IN_TRIALS = "trials/conformance.test.ts has it";

describe("on a server", () => {
  describePostgresLog(3, { restart: IN_TRIALS, loseSuffix: IN_TRIALS });

  test("closing answers those who wait for a connection at once", async () => {
    const { log } = await openTestLog(server);
    const start = performance.now();
    const reading = Array.from({ length: 12 }, () => log.head().catch(String));
    await log.close();
    for (const answer of await Promise.all(reading)) {
      if (typeof answer === "string") expect(answer).toContain("the log was closed. Nothing was written: read and");
    }
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  test("age is judged by the clock of the server, whatever that of the process says", async () => {
    const { log } = await openTestLog(server);
    const rules = (age: number) => ({
      channels: [{ pattern: "jobs/*", entries: 9, age }],
      default: { entries: 9, age },
    });
    await log.setRules(rules(3_600_000));
    await log.append([reliable("jobs/1", "1"), reliable("other", "2")]);
    const inTwoDays = Date.now() + 2 * 86_400_000;
    const now = vi.spyOn(Date, "now").mockReturnValue(inTwoDays);
    onTestFinished(() => now.mockRestore());
    await log.trim();
    expect(await everything(log)).toEqual(["1", "2"]);
    now.mockReturnValue(0);
    await log.setRules(rules(0));
    await log.trim();
    expect(await everything(log)).toEqual([]);
  });
});
