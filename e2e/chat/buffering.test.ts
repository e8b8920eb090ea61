import { expect, onTestFinished, test } from "vitest";
import { createBufferingProxy } from "../buffering-proxy.ts";
import { visit } from "../chat.ts";
import { enterAs, expectStatus, expectTexts, numbered, openChat, openWindow, say, until } from "./stage.ts";

/** The client's default of `connectTimeout`, and the pause behind it. */
const GIVES_UP = 20_000;

test("behind a proxy that keeps streams back, the chat goes on by long poll, and each message comes once", async () => {
  const { url, server } = await openChat();
  const proxy = await createBufferingProxy(server.port);
  onTestFinished(() => proxy.close());
  const ada = await openWindow();
  await ada.clock.install();
  const entered = enterAs("ada", `http://127.0.0.1:${proxy.port}`, ada);
  proxy.isBuffering = true;
  await until(() => proxy.streams, 1);
  await ada.clock.fastForward(GIVES_UP);
  await until(() => proxy.streams, 2);
  await ada.clock.fastForward(GIVES_UP);
  await entered;

  const bo = await visit(url, "bo");
  for (const [index, text] of numbered(1, 10).entries()) {
    await bo.say(text);
    if (index % 3 === 0) await expectTexts(ada, numbered(1, index + 1));
  }
  await say(ada, "number 11");
  await expectTexts(ada, numbered(1, 11));
  await expectStatus(ada, "Live");
  await until(() => ada.locator("#waiting .text").count(), 0);
  expect(await ada.locator("#notice").isVisible()).toBe(false);
  expect(proxy.streams).toBe(2);
  expect(proxy.pages).toBeGreaterThan(10);
});
