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
