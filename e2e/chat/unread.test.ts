import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { createRoom, enterAs, expectTexts, marksOn, numbered, openChat, roomLink, say, until } from "./stage.ts";

test("unread counts survive a reload, and are the same on another device", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await say(ada, "hi");
  await expectTexts(ada, ["hi"]);
  await createRoom(ada, "Garden");
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 3)) await bo.say(text);
  await until(() => marksOn(ada), { Garden: "", Lobby: "3" });
  await ada.reload();
  await until(() => marksOn(ada), { Garden: "", Lobby: "3" });
  const phone = await enterAs("ada", `${url}/#garden`);
  await until(() => marksOn(phone), { Garden: "", Lobby: "3" });

  await roomLink(ada, "Lobby").click();
  await expectTexts(ada, ["hi", ...numbered(1, 3)]);
  // The line is where she stopped reading.
  expect(await ada.locator(".message:has(.new-line:not([hidden])) .text").allTextContents()).toEqual(["number 1"]);
  await until(() => marksOn(phone), { Garden: "", Lobby: "" });
  await ada.reload();
  await expectTexts(ada, ["hi", ...numbered(1, 3)]);
  expect(await marksOn(ada)).toEqual({ Garden: "", Lobby: "" });
});

test("the line is where one stopped reading, also after the page is opened again", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await say(ada, "hi");
  await expectTexts(ada, ["hi"]);
  await ada.goto("about:blank");
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 3)) await bo.say(text);
  await ada.goto(url);
  await expectTexts(ada, ["hi", ...numbered(1, 3)]);
  expect(await ada.locator(".message:has(.new-line:not([hidden])) .text").allTextContents()).toEqual(["number 1"]);
});

test("a message below the visible part is unread until one scrolls there", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const bo = await visit(url, "bo");
  for (const text of numbered(1, 40)) await bo.say(text);
  await expectTexts(ada, numbered(1, 40));
  const readOf = async () => {
    const answer = await ada.context().request.get(`${url}/api/rooms`);
    // Other tests check the form of this answer.
    return ((await answer.json()) as { rooms: { read: number }[] }).rooms[0]?.read;
  };
  await until(readOf, 40);
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  await until(() => ada.locator("#newer").isVisible(), true);
  await bo.say("below");
  await until(() => ada.locator("#newer").innerText(), "1 new");
  expect(await readOf()).toBe(40);
  expect(await ada.locator("#scroller").evaluate((scroller) => scroller.scrollTop)).toBe(0);
  await ada.locator("#newer").click();
  await until(readOf, 41);
  expect(await ada.locator("#newer").isVisible()).toBe(false);
});

test("Alt and the arrow keys change the room, and each room keeps its draft", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await createRoom(ada, "Garden");
  const field = ada.getByLabel("Message to");
  await field.fill("for the garden");
  await ada.keyboard.press("Alt+ArrowDown");
  await until(() => ada.locator("#room-name").textContent(), "Lobby");
  expect(await field.inputValue()).toBe("");
  await ada.keyboard.press("Alt+ArrowUp");
  await until(() => ada.locator("#room-name").textContent(), "Garden");
  expect(await field.inputValue()).toBe("for the garden");
});

test("a message in one of more rooms than a connection can follow is unread, too", async () => {
  const { url } = await openChat();
  const [bo, cy, ada] = await Promise.all(["bo", "cy", "ada"].map((name) => visit(url, name)));
  const names = Array.from({ length: 95 }, (_, index) => `room-${String(index).padStart(2, "0")}`);
  for (const [index, name] of names.entries()) {
    await (index % 2 === 0 ? bo : cy)?.request("POST", "/api/rooms", { name });
    await ada?.request("PUT", `/api/rooms/${name}/membership`);
  }
  const page = await enterAs("ada", url);
  await until(() => page.locator("#joined-rooms li").count(), 96);
  await bo?.request("POST", "/api/rooms/room-94/messages", { text: "hi" });
  await expect.poll(async () => (await marksOn(page))["room-94"], { timeout: 40_000 }).toBe("1");
});
