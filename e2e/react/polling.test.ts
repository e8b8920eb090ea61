import { createServer } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createBufferingProxy } from "../buffering-proxy.ts";
import { openWindow } from "../chat/stage.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { buildPages, type Scripts } from "./build-pages.ts";
import { chat } from "./page/contract.ts";

// Two streams have to be given up first, and a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const until = (read: () => unknown, expected: unknown) =>
  expect.poll(read, { timeout: 50_000, interval: 50 }).toEqual(expected);

const PAGE = `<!doctype html><body><script type="module" src="/polling.js"></script>`;
const lobby = chat.room({ roomId: "lobby" });

let scripts: Scripts;
beforeAll(async () => {
  scripts = await buildPages("19");
});

/**
 * A page that follows a room, behind a proxy. The page's time passes only where nothing is on its way that could come
 * in time, so a slow machine changes nothing.
 */
async function behindProxy(isBuffering: boolean) {
  const hub = createHub(chat, {
    log: memoryLog(),
    authorize: () => true,
    // Nothing is in the state, so each text comes by an event of its own.
    snapshot: { room: () => ({ messages: [] }) },
    heartbeat: 5_000,
  });
  const answerEvents = toNodeHandler(hub);
  const server = createServer((request, response) => {
    const { url = "/" } = request;
    if (url.startsWith("/events")) {
      void answerEvents(request, response);
      return;
    }
    const script = scripts.get(url.slice(1));
    response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" });
    response.end(script ?? PAGE);
  });
  const proxy = await createBufferingProxy(await serveHub(hub, () => listen(server)));
  onTestFinished(() => proxy.close());
  proxy.isBuffering = isBuffering;
  const page = await openWindow();
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${proxy.port}`);
  await page.waitForFunction(() => "polling" in globalThis);
  await until(() => page.evaluate("polling.snapshots"), 1);
  // That moment must not have passed when the call arrives, also on a busy machine. No stream is given up until then.
  await page.clock.pauseAt(Date.now() + 5_000);
  let said = 0;
  return {
    page,
    proxy,
    say: async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        const text = String(++said);
        await hub.publish(lobby, "message", { id: text, author: "ada", text });
      }
    },
    expectStatus: (status: object) => until(() => page.evaluate("polling.status"), status),
    /** The stream is given up for its silence, and the pause after that passes. */
    loseStream: async (): Promise<void> => {
      await until(async () => {
        await page.clock.runFor(1_000);
        return page.evaluate("polling.status.reason === 'timeout' && polling.status.at > Date.now()");
      }, true);
      const pause = await page.evaluate<number>("polling.status.at - Date.now()");
      await page.clock.runFor(Math.ceil(pause));
    },
    expectStreams: (count: number) => until(() => proxy.streams, count),
    /** Everything has come once and in order, without a gap: a gap would bring another snapshot. */
    expectAll: () =>
      until(
        () => page.evaluate("[polling.heard, polling.snapshots]"),
        [Array.from({ length: said }, (_, index) => String(index + 1)), 1],
      ),
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
