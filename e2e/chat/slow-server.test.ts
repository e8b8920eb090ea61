// A server that takes its time, or that cannot write for a while.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { composerOf, enterAs, expectStatus, expectTexts, openChat, say, until } from "./stage.ts";

/** Holds requests of one method back. Returns how many have come, and lets them go on. */
async function hold(page: Page, method: string) {
  let go = (): void => {};
  const isGoing = new Promise<void>((resolve) => (go = resolve));
  let count = 0;
  await page.route("**/api/**", async (route) => {
    if (route.request().method() === method) {
      count++;
      await isGoing;
    }
    await route.continue();
  });
  return { count: () => count, go };
}

test("an edit says that it is being saved, and is sent once", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await say(ada, "hi");
  await expectTexts(ada, ["hi"]);
  const held = await hold(ada, "PATCH");
  await composerOf(ada).press("ArrowUp");
  const field = ada.locator("#text");
  await field.fill("hello");
  await field.press("Enter");
  await field.press("Enter");
  await until(() => ada.locator("#editing p").textContent(), "Saving…");
  held.go();
  await expectTexts(ada, ["hello"]);
  await until(() => ada.locator("#editing").isVisible(), false);
  expect([held.count(), await field.inputValue()]).toEqual([1, ""]);
  await composerOf(ada).press("ArrowUp");
  await until(() => ada.locator("#editing p").textContent(), "You are editing a message.");
});

test("what is written while an edit is being saved stays in the field, and is saved next", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const line = ada.locator("#editing").getByRole("status", { includeHidden: true });
  expect(await line.textContent()).toBe("You are editing a message.");
  await say(ada, "helo");
  await expectTexts(ada, ["helo"]);
  const held = await hold(ada, "PATCH");
  await composerOf(ada).press("ArrowUp");
  const field = ada.locator("#text");
  await field.fill("hello");
  await field.press("Enter");
  await until(() => line.textContent(), "Saving…");
  await field.fill("hello, bo");
  held.go();
  await until(() => line.textContent(), "You are editing a message.");
  await expectTexts(ada, ["hello"]);
  expect(await field.inputValue()).toBe("hello, bo");
  await field.press("Enter");
  await expectTexts(ada, ["hello, bo"]);
  await until(() => ada.locator("#editing").isVisible(), false);
});

test("the button to sign out is off until the server has answered", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const held = await hold(ada, "DELETE");
  const button = ada.getByRole("button", { name: "Sign out" });
  await button.click();
  await until(() => button.isDisabled(), true);
  held.go();
  await ada.getByLabel("Your name").waitFor();
  expect(held.count()).toBe(1);
});

test("while the server is live, but cannot write, a message says that it is not sent yet", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.route("**/messages", (route) => route.fulfill({ status: 503 }));
  await say(ada, "hi");
  await until(() => ada.locator("#waiting .state").textContent(), "Not sent yet. Trying again…");
  await expectStatus(ada, "Live");
  await ada.unroute("**/messages");
  await expectTexts(ada, ["hi"]);
  await until(() => ada.locator("#waiting li").count(), 0);
});
