// What the reader sees while other things happen.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit, type Visitor } from "../chat.ts";
import { enterAs, expectTexts, numbered, openChat, openWindow, until } from "./stage.ts";

/** Where a message is in the window, in pixels. */
const placeOf = (page: Page, text: string): Promise<number> =>
  page
    .locator("#messages .text", { hasText: text })
    .first()
    .evaluate((found) => found.getBoundingClientRect().top);

/** The id of a message of the lobby. */
async function idOf(reader: Visitor, text: string): Promise<string> {
  const { events } = await reader.look();
  // The contract of the chat defines the data of a message.
  const messages = events.map(({ data }) => data as { id: string; text?: string });
  return messages.find((message) => message.text === text)?.id ?? "";
}

test("what one reads does not move when a message above it changes", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 40)) await bo.say(text);
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 1_000, height: 600 } }));
  await expectTexts(ada, numbered(1, 40));
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight / 2));
  await until(() => ada.locator("#newer").isVisible(), true);
  const before = await placeOf(ada, "number 30");
  const path = `/api/rooms/lobby/messages/${await idOf(bo, "number 3")}`;
  await bo.request("PUT", `${path}/reactions/${encodeURIComponent("👍")}`);
  await until(() => ada.locator("#messages .reaction").count(), 1);
  expect(Math.abs((await placeOf(ada, "number 30")) - before)).toBeLessThan(1);
  await bo.request("PATCH", path, { text: "much longer\n".repeat(20) });
  await until(() => ada.locator("#messages .was-edited").count(), 1);
  expect(Math.abs((await placeOf(ada, "number 30")) - before)).toBeLessThan(1);
  await bo.request("DELETE", path);
  await until(() => ada.locator("#messages .was-deleted").count(), 1);
  expect(Math.abs((await placeOf(ada, "number 30")) - before)).toBeLessThan(1);
});

test("a screen reader is told of a new message, and of nothing that was there before", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.say("before");
  const ada = await enterAs("ada", url);
  await expectTexts(ada, ["before"]);
  const told = await ada.locator("#log").evaluateHandle((log) => {
    const texts: string[] = [];
    const watcher = new MutationObserver((mutations) => {
      const added = mutations.flatMap(({ addedNodes }) => [...addedNodes]);
      for (const node of added) {
        const item = node instanceof Element ? node.querySelector(".text") : node;
        texts.push(item?.textContent ?? "");
      }
    });
    watcher.observe(log, { childList: true, characterData: true, subtree: true });
    return texts;
  });
  await bo.say("after");
  await expectTexts(ada, ["before", "after"]);
  expect(await told.jsonValue()).toEqual(["after"]);
});
