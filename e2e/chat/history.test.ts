import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { enterAs, expectTexts, numbered, openChat, textsOn, until } from "./stage.ts";

/** Somebody says all this, and it grows old: what was said in the last two seconds comes with every state. */
async function sayLongAgo({ say }: { readonly say: (text: string) => Promise<unknown> }, texts: readonly string[]) {
  for (const text of texts) await say(text);
  await sleep(2_500);
}

test("scrolling up loads older messages and keeps the position, and the page shows where the room began", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await sayLongAgo(bo, numbered(1, 180));
  const ada = await enterAs("ada", url);
  await until(async () => (await textsOn(ada)).at(-1), "number 180");
  const scroller = ada.locator("#scroller");
  const before = (await textsOn(ada)).length;
  expect(before).toBeLessThan(180);

  // A visible message stays where it is while older ones are inserted above it.
  const item = ada.locator("#messages .message", { hasText: "number 135" });
  await scroller.evaluate((element) => (element.scrollTop = 300));
  const top = async () => Math.round((await item.boundingBox())?.y ?? Number.NaN);
  const topBefore = await top();
  await until(async () => (await textsOn(ada)).length > before, true);
  expect(Math.abs((await top()) - topBefore)).toBeLessThanOrEqual(2);

  await expect
    .poll(async () => {
      await scroller.evaluate((element) => (element.scrollTop = 0));
      return textsOn(ada);
    })
    .toEqual(numbered(1, 180));
  await until(() => ada.locator("#past").textContent(), "This is where Lobby began.");
  // New messages are still appended, without scrolling to them.
  const scrollTop = () => scroller.evaluate((element) => element.scrollTop);
  const scrollTopBefore = await scrollTop();
  await bo.say("number 181");
  await expectTexts(ada, numbered(1, 181));
  expect(await scrollTop()).toBe(scrollTopBefore);
});

test("if older messages cannot be loaded, a button tries again", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await sayLongAgo(bo, numbered(1, 80));
  const ada = await enterAs("ada", url);
  await until(async () => (await textsOn(ada)).at(-1), "number 80");
  await ada.route(/\/events\?.*last=/, (route) => route.abort());
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  const again = ada.getByRole("button", { name: "Try again" });
  await again.waitFor();
  await ada.unrouteAll();
  await again.click();
  await expectTexts(ada, numbered(1, 80));
});
