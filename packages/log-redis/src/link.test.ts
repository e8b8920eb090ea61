import { expect, test } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, server } from "../test/test-server.ts";

test.runIf(hasServer)("a read that runs while the log is closed makes no new connection", async () => {
  let isHeld = false;
  const { url, countClients } = await startProxy(server.url, () => (chunk) => (isHeld ? [] : [chunk]));
  const { open } = await openTestLog(server);
  const log = await open({}, url);
  isHeld = true;
  const reading = log.head().catch(String);
  await log.close();
  expect(await reading).toContain("Cannot read the log in Redis");
  await expect.poll(countClients).toBe(0);
});

test.runIf(hasServer)(
  "a log is closed at once while its connection is being made, and calls that wait say so",
  async () => {
    let isHeld = false;
    const network = await startProxy(server.url, () => (chunk) => (isHeld ? [] : [chunk]));
    const { open } = await openTestLog(server);
    const log = await open({ patience: 60_000 }, `${network.url}/1`);
    isHeld = true;
    network.cut();
    const reading = [log.head(), log.stat()].map((call) => call.catch(String));
    await expect.poll(network.countClients).toBe(1);
    const start = performance.now();
    await log.close();
    for (const answer of await Promise.all(reading)) {
      expect(answer).toContain("the log was closed. Nothing was written: read and publish before hub.close().");
    }
    expect(performance.now() - start).toBeLessThan(10_000);
    await expect.poll(network.countClients).toBe(0);
  },
);
