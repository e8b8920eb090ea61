import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { openTestLog } from "../test/test-log.ts";
import { connect, server } from "../test/test-server.ts";
import { Follower, publishFor } from "../../log/test/follower.ts";

/** What a follower gets while handles append at full speed and applications commit transactions is the final list. */
async function checkOrder(hasLock: boolean): Promise<void> {
  const { log, open, schema } = await openTestLog(server);
  if (!hasLock) {
    const lock = `create or replace function ${schema}.lock_appends() returns void language sql as $$ select $$`;
    await (await connect()).query(lock);
  }
  const follower = await Follower.start(await open());
  await Promise.all([
    publishFor(1_000, log, "single"),
    publishFor(1_000, await open(), "batch", 20),
    ...Array.from({ length: 4 }, async (_, index) => {
      const client = await connect();
      for (let round = 0; round < 50; round++) {
        await client.query("begin");
        await log.appendIn(client, [reliable("rooms/1", `"transaction ${index} ${round}"`)]);
        if (round % 10 === 0) await sleep(20);
        await client.query("commit");
      }
    }),
  ]);
  const followed = await follower.finish();
  expect(follower.holes).toEqual([]);
  expect(followed).toEqual(await everything(log));
}

test("transactions of applications are in the order of their commits", { timeout: 60_000 }, async () => {
  await checkOrder(true);
  await expect(checkOrder(false)).rejects.toMatchObject({ name: "AssertionError" });
});
