// A page on a laptop that has slept: its socket is dead, and neither side says so.
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { buildPages, type Scripts } from "./build-pages.ts";
import { openPollingPage, servePollingPage, untilPage } from "./polling-page.ts";

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });

let scripts: Scripts;
beforeAll(async () => {
  scripts = await buildPages("19");
});

/** A page whose stream has lived for 12 seconds, and then died without a word. The page's time stands still. */
async function asleep() {
  const { port, say } = await servePollingPage(scripts, 15_000);
  const proxy = await createProxy(port);
  onTestFinished(() => proxy.close());
  const page = await openPollingPage(proxy.port);
  await untilPage(page, "polling.status", { state: "live" });
  // That moment must not have passed when the call arrives, also on a busy machine.
  await page.clock.pauseAt(Date.now() + 10_000);
  await page.clock.runFor(3_000);
  proxy.mute();
  await say(1);
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
  await untilPage(page, "polling.heard", ["1"]);
  expect(await page.evaluate("polling.status")).toEqual({ state: "live" });
});

test("on a network that swallows everything, the page says within 3 seconds that it is not live", async () => {
  const { page, look } = await asleep();
  await page.route("**/events**", () => {});
  await look();
  await page.clock.runFor(3_000);
  expect(await page.evaluate("polling.status")).toMatchObject({ state: "retrying", reason: "timeout" });
});
