import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { createRoom, enterAs, expectRoom, marksOn, openChat, openWindow, say, textsOn, until } from "./stage.ts";

/** Counts what would leave the page; a headless browser shows no notifications. */
const watchNotifications = (page: Page, permission: "default" | "granted") =>
  page.addInitScript((initial) => {
    const told: string[] = [];
    let answer = initial;
    class Told extends EventTarget {
      static get permission() {
        return answer;
      }
      static requestPermission() {
        told.push("asked");
        answer = "granted";
        return Promise.resolve(answer);
      }
      constructor(title: string, { body }: { body: string }) {
        super();
        told.push(`${title}: ${body}`);
      }
      close() {}
    }
    Object.assign(globalThis, { Notification: Told, told });
  }, permission);
const toldOn = (page: Page) => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
const setVisibility = (page: Page, state: "visible" | "hidden") =>
  page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

test("a mention notifies across rooms: toast, @ mark, title and icon, and a click opens the room", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await createRoom(ada, "Garden");
  const bo = await visit(url, "bo");
  await bo.say("first");
  await bo.say("@ADA, tea?");
  await until(() => marksOn(ada), { Garden: "", Lobby: "@2" });
  await until(() => ada.locator(".toast").count(), 1);
  expect(await ada.locator(".toast .open").innerText()).toContain("@ADA, tea?");
  await until(() => ada.title(), "(2) Garden · Tidings chat");
  expect(await ada.locator("link[rel=icon]").getAttribute("href")).toBe("/favicon-unread.svg");

  await ada.locator(".toast .open").click();
  await expectRoom(ada, "Lobby");
  await until(() => textsOn(ada), ["first", "@ADA, tea?"]);
  expect(await ada.locator(".names-me .me-mentioned").allTextContents()).toEqual(["@ADA"]);
  await until(() => marksOn(ada), { Garden: "", Lobby: "" });
  await until(() => ada.title(), "Lobby · Tidings chat");
  expect(await ada.locator("link[rel=icon]").getAttribute("href")).toBe("/favicon.svg");
});

test("whoever looks at the room is not told again, and whoever has read it elsewhere no longer", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const second = await ada.context().newPage();
  await second.goto(url);
  await createRoom(second, "Garden");
  await (await visit(url, "bo")).say("@ada look");
  await until(() => textsOn(ada), ["@ada look"]);
  // The first window shows it, so the second has nothing to tell for long.
  await until(() => marksOn(second), { Garden: "", Lobby: "" });
  await until(() => second.locator(".toast").count(), 0);
  expect(await ada.locator(".toast").count()).toBe(0);
});

test("the browser's permission is asked by a button after the first mention, never at load", async () => {
  const { url } = await openChat();
  const window = await openWindow();
  await watchNotifications(window, "default");
  const ada = await enterAs("ada", url, window);
  await createRoom(ada, "Garden");
  expect(await toldOn(ada)).toEqual([]);
  const bo = await visit(url, "bo");
  await bo.say("@ada one");
  await ada.getByRole("button", { name: "Turn on notifications" }).click();
  await until(() => toldOn(ada), ["asked"]);
  await setVisibility(ada, "hidden");
  await bo.say("@ada two");
  await until(() => toldOn(ada), ["asked", "bo in Lobby: @ada two"]);
});

test("a hidden window notifies also about the open room, and marks nothing as read", async () => {
  const { url } = await openChat();
  const window = await openWindow();
  await watchNotifications(window, "granted");
  const ada = await enterAs("ada", url, window);
  await say(ada, "hi");
  const bo = await visit(url, "bo");
  await until(() => textsOn(ada), ["hi"]);
  await setVisibility(ada, "hidden");
  await bo.say("@ada are you there?");
  await until(() => toldOn(ada), ["bo in Lobby: @ada are you there?"]);
  await until(() => ada.title(), "(1) Lobby · Tidings chat");
  await setVisibility(ada, "visible");
  await until(() => ada.title(), "Lobby · Tidings chat");
  expect(await ada.locator(".new-line:visible").count()).toBe(1);
  await until(() => ada.locator(".toast").count(), 0);
});
