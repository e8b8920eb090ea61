import { describe, expect, test, vi } from "vitest";
import { reliable } from "../../log/test/entries.ts";
import { startProxy } from "../../log/test/node/tcp-proxy.ts";
import { expectBackFromSilence, expectDoorbellBackFromSilence, HASTY_CLOCK } from "../../log/test/vanished-server.ts";
import { postgresLog, type PostgresLogOptions } from "../src/postgres-log.ts";
import { openTestLog } from "../test/test-log.ts";
import { server } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 180_000 });

/** A log whose network can drop everything, and one that is near the server. */
async function openFar(options: PostgresLogOptions = {}) {
  const network = await startProxy(server.url);
  const { log: near, open } = await openTestLog(server);
  return { log: await open(options, network.url), near, network };
}

describe("a server that vanishes without a word", () => {
  test("fails calls within their limit, and the first ones after it is back succeed", async () => {
    await expectBackFromSilence({ ...(await openFar()), limit: 10_000 });
  });

  test("is noticed by a log that only listens: it polls, and listens again", async () => {
    await expectDoorbellBackFromSilence(await openFar({ clock: HASTY_CLOCK }));
  });

  test("holds up neither the end of a log nor its opening, and keeps no connection", async () => {
    const { log, network } = await openFar();
    log.watch(() => {});
    await Promise.all([log.head(), log.head(), log.append([reliable("a")])]);
    await expect.poll(() => network.countClients()).toBeGreaterThan(2);
    network.silence();
    const start = performance.now();
    const asking = log.head().catch(String);
    await log.close();
    expect(await asking).toContain("Cannot read the log in PostgreSQL");
    await expect(postgresLog(network.url)).rejects.toThrow(/Cannot open the log in PostgreSQL: .*Nothing was written/);
    expect(performance.now() - start).toBeLessThan(10_000 + 4_000 + 10_000);
    await expect.poll(() => network.countClients()).toBe(0);
  });
});
