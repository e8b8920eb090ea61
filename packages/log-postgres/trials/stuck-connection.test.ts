import { expect, test, vi } from "vitest";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { openTestLog } from "../test/test-log.ts";
import { server } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

test("a statement without an answer fails alone: those that wait for a connection meanwhile get one", async () => {
  const network = await startProxy(server.url);
  const { open } = await openTestLog(server);
  const log = await open({ patience: 100 }, network.url);
  await log.head();
  // The connection of before gets no answer any more, and new ones do.
  network.silence();
  network.speak();
  let isOver = false;
  const stuck = log
    .head()
    .catch(String)
    .finally(() => {
      isOver = true;
    });
  // More than there are connections, without a pause, so that some wait in every moment.
  const ask = async (): Promise<void> => {
    while (!isOver) await log.head();
  };
  await Promise.all(Array.from({ length: 50 }, ask));
  expect(await stuck).toContain("Query read timeout");
});
