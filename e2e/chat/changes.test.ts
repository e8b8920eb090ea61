import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  composerOf,
  createRoom,
  enterAs,
  expectStatus,
  expectTexts,
  numbered,
  openChat,
  proxyTo,
  roomLink,
  say,
  textsOn,
  until,
} from "./stage.ts";

const messageOn = (page: Page, text: string) => page.locator("#messages .message", { hasText: text });
/** Opens the menu of a message, with the keyboard. */
async function openMenu(page: Page, text: string): Promise<void> {
  await messageOn(page, text).locator(".more").press("Enter");
  await page.locator("#message-menu").waitFor();
}
const reactionsOn = (page: Page) =>
  page
    .locator("#messages .reaction")
    .evaluateAll((found) =>
      found.map((each) => `${(each as HTMLElement).innerText} ${each.getAttribute("aria-pressed")}`),
    );

test("an author edits a message, and everybody sees the new text, also later", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await say(ada, "helo");
  await expectTexts(bo, ["helo"]);
  expect(await ada.getByRole("button", { name: "React to, edit or delete your message" }).count()).toBe(1);
  expect(await bo.getByRole("button", { name: "React to the message of ada" }).count()).toBe(1);
  await composerOf(ada).fill("a draft");
  await openMenu(ada, "helo");
  await ada.getByRole("button", { name: "Edit", exact: true }).click();
  const field = ada.getByLabel("New text of your message");
  expect(await field.inputValue()).toBe("helo");
  await field.fill("hello **bo**");
  await field.press("Enter");
  for (const page of [ada, bo]) {
    await expectTexts(page, ["hello bo"]);
    expect(await page.locator("#messages .was-edited strong").allTextContents()).toEqual(["bo"]);
  }
  expect(await composerOf(ada).inputValue()).toBe("a draft");
  await bo.reload();
  await expectTexts(bo, ["hello bo"]);
  expect(await bo.locator("#messages .was-edited").count()).toBe(1);
  // Bo can react, but change nothing.
  await openMenu(bo, "hello bo");
  expect(await bo.locator("#message-menu button:visible").count()).toBe(6);
});

test("of two windows that edit one message, the second sees the newer text, and nothing is overwritten", async () => {
  const { url } = await openChat();
  const [one, other] = await Promise.all([enterAs("ada", url), enterAs("ada", url)]);
  await say(one, "tea");
  await expectTexts(other, ["tea"]);
  const fields = [one, other].map((page) => page.getByLabel("New text of your message"));
  for (const page of [one, other]) await composerOf(page).press("ArrowUp");
  await fields[0]?.fill("green tea");
  await fields[0]?.press("Enter");
  await expectTexts(other, ["green tea"]);
  await fields[1]?.fill("black tea");
  await fields[1]?.press("Enter");
  const problem = "to “green tea”. Save again to replace that.";
  await until(async () => (await other.locator("#composer-problem").textContent())?.endsWith(problem), true);
  expect(await fields[1]?.inputValue()).toBe("black tea");
  await expectTexts(one, ["green tea"]);
  await fields[1]?.press("Enter");
  for (const page of [one, other]) await expectTexts(page, ["black tea"]);
});

test("of two people who set the topic, the second is told, and the first topic stays", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  for (const page of [ada, bo]) await page.getByRole("button", { name: "Add a topic" }).click();
  await ada.locator("#topic-field").fill("Tea");
  await ada.locator("#topic-field").press("Enter");
  await until(() => bo.locator("#topic span").textContent(), "Tea");
  await bo.locator("#topic-field").fill("Cake");
  await bo.locator("#topic-field").press("Enter");
  await bo.getByText("Somebody has changed the topic meanwhile. Yours is not saved: Cake").waitFor();
  expect(await bo.locator("#topic span").textContent()).toBe("Tea");
});

test("a topic that one writes stays while one looks at another window", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.getByRole("button", { name: "Add a topic" }).click();
  const field = ada.getByLabel("Topic", { exact: true });
  await field.fill("Ships on");
  // What the browser says when another window comes to the front: the field stays the active element.
  await field.dispatchEvent("focusout", { bubbles: true });
  expect(await field.inputValue()).toBe("Ships on");
  expect(await field.isVisible()).toBe(true);
  // Elsewhere in this window it ends.
  await ada.getByLabel("Message to").click();
  expect(await field.isVisible()).toBe(false);
});

test("a topic that cannot be saved is shown, so that it can be written again", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.route("**/topic", (route) => route.abort());
  await ada.getByRole("button", { name: "Add a topic" }).click();
  await ada.getByLabel("Topic", { exact: true }).fill("A long thought");
  await ada.keyboard.press("Enter");
  const sentence = "The topic is not saved: “A long thought”. The server did not answer.";
  await until(() => ada.locator("#said").textContent(), sentence);
  expect(await ada.locator("#topic").isVisible()).toBe(false);
});

test("the up arrow edits the newest own message, and Escape stops it", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  for (const text of ["one", "two"]) await say(ada, text);
  await expectTexts(ada, ["one", "two"]);
  await composerOf(ada).press("ArrowUp");
  const field = ada.getByLabel("New text of your message");
  expect(await field.inputValue()).toBe("two");
  await field.press("Escape");
  expect(await composerOf(ada).inputValue()).toBe("");
  expect(await ada.locator("#editing").isVisible()).toBe(false);
  expect(await textsOn(ada)).toEqual(["one", "two"]);
});

test("an author deletes a message after a question, and everybody sees that there was one", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  for (const text of ["stays", "oops"]) await say(ada, text);
  await expectTexts(bo, ["stays", "oops"]);
  await openMenu(ada, "oops");
  await ada.getByRole("button", { name: "Delete", exact: true }).click();
  const dialog = ada.getByRole("dialog", { name: "Delete this message?" });
  expect(await dialog.locator("blockquote").textContent()).toBe("oops");
  await dialog.getByRole("button", { name: "Delete" }).click();
  for (const page of [ada, bo]) await expectTexts(page, ["stays", "This message was deleted."]);
  expect(await ada.locator(".was-deleted .more:visible").count()).toBe(0);
});

test("people react to a message, and take their reaction back", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await say(ada, "hi");
  await expectTexts(bo, ["hi"]);
  await openMenu(bo, "hi");
  await bo.getByRole("button", { name: "React with 🎉" }).click();
  await until(() => reactionsOn(ada), ["🎉 1 false"]);
  await until(() => reactionsOn(bo), ["🎉 1 true"]);
  await ada.locator(".reaction").click();
  await until(() => reactionsOn(bo), ["🎉 2 true"]);
  expect(await bo.locator(".reaction").getAttribute("aria-label")).toBe("🎉 2: you, ada");
  await bo.locator(".reaction").click();
  await until(() => reactionsOn(ada), ["🎉 1 true"]);
  await ada.locator(".reaction").click();
  for (const page of [ada, bo]) await until(() => reactionsOn(page), []);
});

test("without a connection the buttons are off, and an edit that cannot be saved keeps its text", async () => {
  const { server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  await say(ada, "helo");
  await expectTexts(ada, ["helo"]);
  await composerOf(ada).press("ArrowUp");
  await ada.context().setOffline(true);
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "You are offline");
  await until(() => ada.locator("#messages .more").isDisabled(), true);
  const field = ada.getByLabel("New text of your message");
  await field.fill("hello");
  await field.press("Enter");
  await until(() => ada.locator("#composer-problem").textContent(), "The change is not saved. You are offline.");
  expect(await field.inputValue()).toBe("hello");
  proxy.accept();
  await ada.context().setOffline(false);
  await expectStatus(ada, "Live");
  await field.press("Enter");
  await expectTexts(ada, ["hello"]);
  await until(() => ada.locator("#messages .more").isDisabled(), false);
});

test("a page of history shows each message with its changes", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const ids: string[] = [];
  for (const text of numbered(1, 120)) {
    const answer = await bo.request("POST", "/api/rooms/lobby/messages", { text });
    // The API answers with the message.
    ids.push(((await answer.json()) as { message: { id: string } }).message.id);
  }
  const path = (number: number) => `/api/rooms/lobby/messages/${ids[number - 1]}`;
  const ada = await enterAs("ada", url);
  await until(async () => (await textsOn(ada)).at(-1), "number 120");
  // The first is read from the log, and the second comes while the page does not have its message.
  await bo.request("PATCH", path(3), { text: "edited" });
  await bo.request("DELETE", path(4));
  await bo.request("PUT", `${path(5)}/reactions/${encodeURIComponent("👍")}`);
  const scroller = ada.locator("#scroller");
  await expect
    .poll(
      async () => {
        await scroller.evaluate((element) => (element.scrollTop = 0));
        return (await textsOn(ada)).slice(0, 5);
      },
      { timeout: 10_000 },
    )
    .toEqual(["number 1", "number 2", "edited", "This message was deleted.", "number 5"]);
  expect(await reactionsOn(ada)).toEqual(["👍 1 false"]);
  // The same for a page that is opened afterwards.
  const cy = await enterAs("cy", url);
  await expect
    .poll(
      async () => {
        await cy.locator("#scroller").evaluate((element) => (element.scrollTop = 0));
        return (await textsOn(cy)).slice(0, 5);
      },
      { timeout: 10_000 },
    )
    .toEqual(["number 1", "number 2", "edited", "This message was deleted.", "number 5"]);
});

test("another room ends an edit, and the text of it does not become a draft", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await createRoom(ada, "Garden");
  await say(ada, "tomatoes");
  await expectTexts(ada, ["tomatoes"]);
  await composerOf(ada).press("ArrowUp");
  await ada.getByLabel("New text of your message").fill("potatoes");
  await roomLink(ada, "Lobby").click();
  expect(await composerOf(ada).inputValue()).toBe("");
  await roomLink(ada, "Garden").click();
  await expectTexts(ada, ["tomatoes"]);
  expect(await composerOf(ada).inputValue()).toBe("");
});
