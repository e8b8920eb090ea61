import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  composerOf,
  createRoom,
  enterAs,
  expectRoom,
  expectTexts,
  openChat,
  openWindow,
  roomLink,
  say,
  until,
} from "./stage.ts";

test("two people chat: what one browser posts, the other sees at once", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await composerOf(ada).pressSequentially("hi");
  await until(() => bo.locator("#typing").textContent(), "ada is typing…");
  await ada.keyboard.press("Enter");
  await expectTexts(bo, ["hi"]);
  await until(() => bo.locator("#typing").textContent(), "");
  await say(bo, "hello ada\nhow are you?");
  await say(bo, "well?");
  const texts = ["hi", "hello ada\nhow are you?", "well?"];
  await expectTexts(ada, texts);
  // The two messages of bo have one byline, and all messages are of one day.
  expect(await ada.locator("#messages .message:not(.goes-on) .author").allTextContents()).toEqual(["ada", "bo"]);
  expect(await ada.locator(".day:visible").allTextContents()).toEqual(["today"]);
  // A reload needs no sign-in, and the snapshot has the messages.
  await ada.reload();
  await expectTexts(ada, texts);
});

test("a room is created, found, joined, given a topic and left", async () => {
  const { url } = await openChat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await createRoom(ada, "Garden");
  await say(ada, "tomatoes");
  await bo.getByRole("button", { name: "Join Garden" }).click();
  await expectRoom(bo, "Garden");
  await expectTexts(bo, ["tomatoes"]);
  await until(() => bo.locator("#joined-rooms .name").allTextContents(), ["Garden", "Lobby"]);

  await bo.getByRole("button", { name: "Add a topic" }).click();
  await bo.getByLabel("Topic", { exact: true }).fill("What grows");
  await bo.keyboard.press("Enter");
  await until(() => ada.locator("#topic span").textContent(), "What grows");

  await bo.getByRole("button", { name: "Leave" }).click();
  await until(() => bo.locator("#other-rooms .name").allTextContents(), ["Garden"]);
  // A room can be read without joining it.
  await roomLink(bo, "Lobby").click();
  await roomLink(bo, "Garden").click();
  await expectTexts(bo, ["tomatoes"]);
});

test("the URL of a room that does not exist opens the lobby", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", `${url}/#nowhere`);
  await expectRoom(ada, "Lobby");
  await say(ada, "hi");
  await expectTexts(ada, ["hi"]);
  expect(new URL(ada.url()).hash).toBe("#lobby");
});

test("the list of people has each name once, one's own name first", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const bo = await enterAs("bo", url);
  const second = await bo.context().newPage();
  await second.goto(url);
  await until(() => ada.locator("#people .name").allTextContents(), ["ada", "bo"]);
  await bo.close();
  await expect.poll(() => second.locator("#people .name").allTextContents()).toEqual(["bo", "ada"]);
  await second.close();
  await until(() => ada.locator("#people .name").allTextContents(), ["ada"]);
});

test("the keyboard completes names and picks emoji", async () => {
  const { url } = await openChat();
  await visit(url, "Ada Lovelace").then((visitor) => visitor.say("hi"));
  const bo = await enterAs("bo", url);
  await expectTexts(bo, ["hi"]);
  await composerOf(bo).pressSequentially("hello @ada");
  await until(() => bo.getByRole("option").allTextContents(), ["Ada Lovelace"]);
  await bo.keyboard.press("Tab");
  expect(await composerOf(bo).inputValue()).toBe("hello @Ada Lovelace ");
  await bo.keyboard.press("Enter");
  await until(() => bo.locator("#messages .mention").allTextContents(), ["@Ada Lovelace"]);

  await bo.keyboard.press("Tab");
  await bo.keyboard.press("Enter");
  await bo.keyboard.press("ArrowRight");
  await bo.keyboard.press("ArrowLeft");
  await bo.keyboard.press("Enter");
  await bo.keyboard.press("Enter");
  await until(() => bo.locator("#messages .text.large").allTextContents(), ["👍"]);
});

test("the plain page shows messages without any library, and asks for a sign-in without a session", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const page = await openWindow();
  await page.goto(`${url}/plain.html`);
  await until(() => page.locator("#state").textContent(), "Please sign in to the chat first, then reload this page.");
  await page.context().request.post(`${url}/api/session`, { data: { name: "ada" } });
  await bo.say("before");
  await page.reload();
  await until(() => page.locator("#state").textContent(), "Live");
  await bo.say("<b>after</b>");
  await until(() => page.locator("#messages li").count(), 2);
  expect(await page.locator("#messages li").allTextContents()).toEqual(["bo: before", "bo: <b>after</b>"]);
});
