import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { describePostgresLog } from "../test/describe-log.ts";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";

/** A server that is restarted belongs to one test, and takes seconds to start. */
const IN_TRIALS = "trials/conformance.test.ts has it";

describe("on a server", () => {
  describePostgresLog(3, { restart: IN_TRIALS, loseSuffix: IN_TRIALS });

  test("closing answers those who wait for a connection at once", async () => {
    const { log, schema } = await openTestLog(server);
    const client = await connect();
    await client.query(`begin; lock table ${schema}.retention`);
    const answers: string[] = [];
    // They wait for the table, and then for a connection.
    const reading = Array.from({ length: 12 }, () =>
      log.stat().then(
        () => answers.push("read"),
        (error: unknown) => answers.push(String(error)),
      ),
    );
    await sleep(100);
    const closing = log.close();
    await expect.poll(() => answers.length).toBeGreaterThan(5);
    for (const answer of answers) expect(answer).toContain("the log was closed. Nothing was written: read and");
    await client.query("rollback");
    await Promise.all([...reading, closing]);
    expect(answers.filter((answer) => answer === "read").length).toBeGreaterThan(0);
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
