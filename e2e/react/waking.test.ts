// A page on a laptop that has slept: its socket is dead, and neither side says so.
import { createServer } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { openWindow } from "../chat/stage.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { createProxy } from "../tcp-proxy.ts";
import { buildPages, type Scripts } from "./build-pages.ts";
import { chat } from "./page/contract.ts";

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const until = (read: () => unknown, expected: unknown) =>
  expect.poll(read, { timeout: 30_000, interval: 50 }).toEqual(expected);

const PAGE = `<!doctype html><body><script type="module" src="/polling.js"></script>`;
const lobby = chat.room({ roomId: "lobby" });

let scripts: Scripts;
beforeAll(async () => {
  scripts = await buildPages("19");
});

/** A page whose stream has lived for 12 seconds, and then died without a word. The page's time stands still. */
async function asleep() {
  const snapshot = { room: () => ({ messages: [] }) };
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, snapshot });
  const answerEvents = toNodeHandler(hub);
  const server = createServer((request, response) => {
    const { url = "/" } = request;
    // The browser would send its next request over a socket that is dead, too.
    response.setHeader("connection", "close");
    if (url.startsWith("/events")) {
      void answerEvents(request, response);
      return;
    }
    const script = scripts.get(url.slice(1));
    response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" });
    response.end(script ?? PAGE);
  });
  const proxy = await createProxy(await serveHub(hub, () => listen(server)));
  onTestFinished(() => proxy.close());
  const page = await openWindow();
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${proxy.port}`);
  await page.waitForFunction(() => "polling" in globalThis);
  await until(() => page.evaluate("polling.status"), { state: "live" });
  await until(() => page.evaluate("polling.snapshots"), 1);
  // That moment must not have passed when the call arrives, also on a busy machine.
  await page.clock.pauseAt(Date.now() + 10_000);
  await page.clock.runFor(3_000);
  proxy.mute();
  await hub.publish(lobby, "message", { id: "1", author: "ada", text: "while it slept" });
  expect(await page.evaluate("[polling.status, polling.heard]")).toEqual([{ state: "live" }, []]);
  return {
    page,
    look: () => page.evaluate(`document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`),
  };
}

test("a page whose stream died while it slept has what it missed as soon as somebody looks at it", async () => {
  const { page, look } = await asleep();
  await look();
  // No time of the page passes: nothing of it is a wait.
  await until(() => page.evaluate("polling.heard"), ["while it slept"]);
  expect(await page.evaluate("polling.status")).toEqual({ state: "live" });
});

test("on a network that swallows everything, the page says within 3 seconds that it is not live", async () => {
  const { page, look } = await asleep();
  await page.route("**/events**", () => {});
  await look();
  await page.clock.runFor(3_000);
  expect(await page.evaluate("polling.status")).toMatchObject({ state: "retrying", reason: "timeout" });
});
