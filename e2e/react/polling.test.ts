import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createBufferingProxy } from "../buffering-proxy.ts";
import { buildPages, type Scripts } from "./build-pages.ts";
import { openPollingPage, servePollingPage, untilPage } from "./polling-page.ts";

// Two streams have to be given up first, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

let scripts: Scripts;
beforeAll(async () => {
  scripts = await buildPages("19");
});

/**
 * A page that follows a room, behind a proxy. The page's time passes only where nothing is on its way that could come
 * in time, so a slow machine changes nothing.
 */
async function behindProxy(isBuffering: boolean) {
  const { port, say, texts } = await servePollingPage(scripts, 5_000);
  const proxy = await createBufferingProxy(port);
  onTestFinished(() => proxy.close());
  proxy.isBuffering = isBuffering;
  const page = await openPollingPage(proxy.port);
  // That moment must not have passed when the call arrives, also on a busy machine. No stream is given up until then.
  await page.clock.pauseAt(Date.now() + 5_000);
  return {
    page,
    proxy,
    say,
    expectStatus: (status: object) => untilPage(page, "polling.status", status),
    /** The stream is given up for its silence, and the pause after that passes. */
    loseStream: async (): Promise<void> => {
      const isLost = async () => {
        await page.clock.runFor(1_000);
        return page.evaluate("polling.status.reason === 'timeout' && polling.status.at > Date.now()");
      };
      await expect.poll(isLost, { timeout: 50_000, interval: 50 }).toBe(true);
      const pause = await page.evaluate<number>("polling.status.at - Date.now()");
      await page.clock.runFor(Math.ceil(pause));
    },
    expectStreams: (count: number) => expect.poll(() => proxy.streams, { timeout: 50_000 }).toBe(count),
    /** Everything has come once and in order, without a gap: a gap would bring another snapshot. */
    expectAll: () => untilPage(page, "[polling.heard, polling.snapshots]", [texts(), 1]),
  };
}

const BY_POLL = { state: "live", transport: "poll" };

test("a page behind a proxy that keeps streams back goes on by long poll, until a stream is tried again", async () => {
  const { page, proxy, say, expectStatus, expectAll, expectStreams, loseStream } = await behindProxy(true);
  for (const count of [1, 2]) {
    await expectStreams(count);
    await loseStream();
  }
  await expectStatus(BY_POLL);
  expect(proxy.streams).toBe(2);
  for (let burst = 0; burst < 20; burst++) {
    await say(burst);
    await expectAll();
  }
  await expectStatus(BY_POLL);
  expect(proxy.streams).toBe(2);

  proxy.isBuffering = false;
  await page.clock.fastForward("03:00");
  await expectStatus({ state: "live" });
  await say(10);
  await expectAll();
});

test("a page whose proxy begins to keep the stream back goes on by long poll, without a loss", async () => {
  const { proxy, say, expectStatus, expectAll, expectStreams, loseStream } = await behindProxy(false);
  await expectStatus({ state: "live" });
  await say(10);
  await expectAll();
  proxy.isBuffering = true;
  await say(10);
  for (const count of [1, 2, 3]) {
    await expectStreams(count);
    await loseStream();
  }
  await expectStatus(BY_POLL);
  await say(10);
  await expectAll();
});
