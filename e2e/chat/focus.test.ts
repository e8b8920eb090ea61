import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { createRoom, enterAs, expectRoom, expectTexts, openChat, say, until } from "./stage.ts";

/** The id of the element that has the focus; otherwise its label. */
const focusOn = (page: Page) =>
  page.evaluate(() => {
    const { activeElement: active } = document;
    return active?.id || active?.getAttribute("aria-label") || active?.localName;
  });

/** Presses a button or a link with the keyboard. */
async function press(control: Locator): Promise<void> {
  await control.focus();
  await control.press("Enter");
}

test("a control that goes away while it has the focus gives it to the composer", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const name of ["Garden", "Tea"]) await bo.request("POST", "/api/rooms", { name });
  const ada = await enterAs("ada", url);
  const expectComposer = () => until(() => focusOn(ada), "text");
  await press(ada.getByRole("button", { name: "Join Garden" }));
  await expectRoom(ada, "Garden");
  await expectComposer();

  await bo.request("POST", "/api/rooms/tea/messages", { text: "@ada, tea?" });
  await press(ada.locator("#mention-list a"));
  await expectRoom(ada, "Tea");
  await expectComposer();

  await press(ada.getByRole("button", { name: "Add a topic" }));
  await ada.getByLabel("Topic", { exact: true }).fill("Cups");
  await ada.keyboard.press("Enter");
  await until(() => ada.locator("#topic span").textContent(), "Cups");
  await expectComposer();

  await say(ada, "oops");
  await expectTexts(ada, ["@ada, tea?", "oops"]);
  await press(ada.locator(".mine .more"));
  await press(ada.getByRole("button", { name: "React with 🎉" }));
  await press(ada.locator(".mine .reaction"));
  await until(() => ada.locator(".reaction").count(), 0);
  await expectComposer();
  await press(ada.locator(".mine .more"));
  await press(ada.getByRole("button", { name: "Delete", exact: true }));
  await press(ada.getByRole("dialog").getByRole("button", { name: "Delete" }));
  await expectTexts(ada, ["@ada, tea?", "This message was deleted."]);
  await expectComposer();

  await createRoom(ada, "Cellar");
  await expectComposer();
  await ada.route("**/messages", (route) => route.fulfill({ status: 400 }));
  await say(ada, "refused");
  await press(ada.getByRole("button", { name: "Discard" }));
  await until(() => ada.locator("#waiting li").count(), 0);
  await expectComposer();
});

test("a reaction of somebody else leaves the focus on the reaction where it is", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await say(ada, "hi");
  await expectTexts(ada, ["hi"]);
  const bo = await visit(url, "bo");
  const id = await ada.locator("#messages .message").getAttribute("data-id");
  const react = (emoji: string) =>
    bo.request("PUT", `/api/rooms/lobby/messages/${id}/reactions/${encodeURIComponent(emoji)}`);
  await react("🎉");
  await press(ada.locator(".reaction"));
  await until(() => focusOn(ada), "🎉 2: bo, you");
  await react("👍");
  await until(() => ada.locator(".reaction").count(), 2);
  expect(await focusOn(ada)).toBe("🎉 2: bo, you");
});

test("a person who uses the mouse keeps the focus where it is: a phone would open its keyboard", async () => {
  const { url } = await openChat();
  await visit(url, "bo").then((bo) => bo.request("POST", "/api/rooms", { name: "Garden" }));
  const ada = await enterAs("ada", url);
  await ada.getByRole("button", { name: "Join Garden" }).click();
  await expectRoom(ada, "Garden");
  await until(() => ada.locator("#other-rooms li").count(), 0);
  expect(await focusOn(ada)).toBe("body");
});

test("a person who leaves a text field with the mouse or a finger keeps the focus where it is", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.getByRole("button", { name: "Add a topic" }).click();
  await until(() => focusOn(ada), "topic-field");
  await ada.locator("#room > header").click({ position: { x: 3, y: 3 } });
  await until(() => ada.locator("#topic-form").isVisible(), false);
  // The page would move the focus in a microtask.
  expect(await focusOn(ada)).toBe("body");
});

test("a room that is refused gives the focus back to its name", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.route("**/api/rooms", (route) => route.fulfill({ status: 409 }));
  await press(ada.getByRole("button", { name: "Create a room" }));
  const name = ada.getByLabel("What is it called?");
  const problem = () => ada.locator("#new-room-problem").textContent();
  for (const [text, sentence] of [
    ["Garden", "There are too many rooms already, or too many of yours."],
    ["", "Please say what the room is called."],
  ] as const) {
    await name.fill(text);
    await press(ada.getByRole("button", { name: "Create", exact: true }));
    await until(problem, sentence);
    await expect.poll(() => focusOn(ada)).toBe("new-room-name");
  }
});
