import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { enterAs, expectTexts, numbered, openChat, textsOn, until } from "./stage.ts";

test("older messages come while one scrolls up, the place stays, and the beginning is told", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 180)) await bo.say(text);
  const ada = await enterAs("ada", url);
  await until(async () => (await textsOn(ada)).at(-1), "number 180");
  const scroller = ada.locator("#scroller");
  const before = (await textsOn(ada)).length;
  expect(before).toBeLessThan(180);

  // What one looks at stays where it is while older ones come above it.
  const item = ada.locator("#messages .message", { hasText: "number 135" });
  await scroller.evaluate((element) => (element.scrollTop = 300));
  const top = async () => Math.round((await item.boundingBox())?.y ?? Number.NaN);
  const place = await top();
  await until(async () => (await textsOn(ada)).length > before, true);
  expect(Math.abs((await top()) - place)).toBeLessThanOrEqual(2);

  await expect
    .poll(async () => {
      await scroller.evaluate((element) => (element.scrollTop = 0));
      return textsOn(ada);
    })
    .toEqual(numbered(1, 180));
  await until(() => ada.locator("#past").textContent(), "This is where Lobby began.");
  // New ones still come at the end, and do not pull the reader there.
  const where = () => scroller.evaluate((element) => element.scrollTop);
  const stood = await where();
  await bo.say("number 181");
  await expectTexts(ada, numbered(1, 181));
  expect(await where()).toBe(stood);
});

test("older messages that cannot be loaded can be asked for again", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 80)) await bo.say(text);
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
