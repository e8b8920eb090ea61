import { expect, test } from "vitest";
import { FailoverLog } from "../../test/failover-log.ts";
import { openTestHub } from "../../test/test-hub.ts";

const ROOM = "channel=rooms/lobby";

/** A viewer may read what comes after the fifth message. A failover loses the fourth and the fifth in mid-request. */
async function openFailingHub() {
  const log = new FailoverLog();
  const opened = await openTestHub({ log, authorize: () => ({ readableFrom: "e0.5" }) });
  await opened.say("1", "2", "3", "4", "5");
  let hasFailedOver = false;
  /** Before the log answers. */
  async function failOver(): Promise<void> {
    if (hasFailedOver) return;
    hasFailedOver = true;
    log.failOver(2);
    await opened.say("after");
  }
  const [read, recent] = [log.read.bind(log), log.recent.bind(log)];
  log.read = async (...args) => {
    if (args[1] !== null) await failOver();
    return read(...args);
  };
  log.recent = async (...args) => {
    await failOver();
    return recent(...args);
  };
  return opened;
}

test.each([
  ["what comes after a position", "after=e0.2"],
  ["the newest events", "last=5"],
])("a page of %s does not leave out what was published since a failover: the client asks again", async (_, query) => {
  const { page } = await openFailingHub();
  const { status, json } = await page(`${ROOM}&${query}`);
  expect([status, json]).toMatchObject([503, { code: "unavailable" }]);
  expect((await page(`${ROOM}&${query}`)).status).toBe(200);
});
