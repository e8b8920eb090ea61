import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  createRoom,
  enterAs,
  expectRoom,
  marksOn,
  numbered,
  openChat,
  openWindow,
  roomLink,
  say,
  textsOn,
  until,
} from "./stage.ts";

/** Records notifications instead of showing them, since a headless browser has none. */
const watchNotifications = (page: Page, permission: "default" | "granted") =>
  page.addInitScript((initial) => {
    const shown: string[] = [];
    let answer = initial;
    class RecordedNotification extends EventTarget {
      static get permission() {
        return answer;
      }
      static requestPermission() {
        shown.push("permission requested");
        answer = "granted";
        return Promise.resolve(answer);
      }
      constructor(title: string, { body }: { body: string }) {
        super();
        shown.push(`${title}: ${body}`);
      }
      close() {}
    }
    Object.assign(globalThis, { Notification: RecordedNotification, shown });
  }, permission);
/** All that was recorded. */
const notificationsOn = (page: Page) =>
  // Defined by the script above.
  page.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);
const setVisibility = (page: Page, state: "visible" | "hidden") =>
  page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

test("a mention in another room shows a toast, a mark, a title and an icon, and a click opens the room", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await createRoom(ada, "Garden");
  const bo = await visit(url, "bo");
  await bo.say("first");
  await bo.say("@ADA, tea?");
  await until(() => marksOn(ada), { Garden: "", Lobby: "@2" });
  await until(() => ada.locator(".toast").count(), 1);
  expect(await ada.locator(".toast .open").innerText()).toBe("bo mentioned you in Lobby\n@ADA, tea?");
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

test("a mention in the open room gives no toast, and its toast elsewhere goes away when it is read", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const second = await ada.context().newPage();
  await second.goto(url);
  await createRoom(second, "Garden");
  await (await visit(url, "bo")).say("@ada look");
  await until(() => textsOn(ada), ["@ada look"]);
  // The first window shows the message, so the second window stops notifying.
  await until(() => marksOn(second), { Garden: "", Lobby: "" });
  await until(() => second.locator(".toast").count(), 0);
  expect(await ada.locator(".toast").count()).toBe(0);
});

test("a button after the first mention requests the permission for notifications, never the page at load", async () => {
  const { url } = await openChat();
  const window = await openWindow();
  await watchNotifications(window, "default");
  const ada = await enterAs("ada", url, window);
  await createRoom(ada, "Garden");
  expect(await notificationsOn(ada)).toEqual([]);
  const bo = await visit(url, "bo");
  await bo.say("@ada one");
  await ada.getByRole("button", { name: "Turn on notifications" }).click();
  await until(() => notificationsOn(ada), ["permission requested"]);
  await setVisibility(ada, "hidden");
  await bo.say("@ada two");
  await until(() => notificationsOn(ada), ["permission requested", "bo in Lobby: @ada two"]);
});

test("a hidden window also notifies about the open room, and marks nothing as read", async () => {
  const { url } = await openChat();
  const window = await openWindow();
  await watchNotifications(window, "granted");
  const ada = await enterAs("ada", url, window);
  await say(ada, "hi");
  const bo = await visit(url, "bo");
  await until(() => textsOn(ada), ["hi"]);
  await setVisibility(ada, "hidden");
  await bo.say("@ada are you there?");
  await until(() => notificationsOn(ada), ["bo in Lobby: @ada are you there?"]);
  await until(() => ada.title(), "(1) Lobby · Tidings chat");
  await setVisibility(ada, "visible");
  await until(() => ada.title(), "Lobby · Tidings chat");
  expect(await ada.locator(".new-line:visible").count()).toBe(1);
  await until(() => ada.locator(".toast").count(), 0);
});

const mentionsOn = (page: Page) => page.locator("#mentions:not([hidden]) .what").allTextContents();

test("a mention in a room that one has not joined stays in the sidebar until it is read", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  const ada = await enterAs("ada", url);
  for (const text of ["@ada, one?", "@ada, two?"]) await bo.request("POST", "/api/rooms/garden/messages", { text });
  await until(() => mentionsOn(ada), ["@ada, two?", "@ada, one?"]);
  await until(() => ada.title(), "(2) Lobby · Tidings chat");
  await ada.reload();
  await until(() => mentionsOn(ada), ["@ada, two?", "@ada, one?"]);
  expect(await ada.locator("#mention-count").textContent()).toBe("2");
  expect(await ada.locator("#other-rooms li:has(.named:visible) .name").allTextContents()).toEqual(["Garden"]);
  await until(() => ada.title(), "(2) Lobby · Tidings chat");
  expect(await ada.locator(".toast").count()).toBe(0);

  await ada.locator("#mention-list a").first().click();
  await expectRoom(ada, "Garden");
  await until(() => ada.locator(".message.revealed .text").allTextContents(), ["@ada, two?"]);
  // Reading them does not join the room.
  await until(() => mentionsOn(ada), []);
  expect(await marksOn(ada)).toEqual({ Lobby: "" });
  await until(() => ada.title(), "Garden · Tidings chat");
  await ada.reload();
  await until(() => textsOn(ada), ["@ada, one?", "@ada, two?"]);
  expect(await mentionsOn(ada)).toEqual([]);
});

test("a mention goes away when its message is deleted, and follows its text", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  const ada = await enterAs("ada", url);
  const answer = await bo.request("POST", "/api/rooms/garden/messages", { text: "@ada, tee?" });
  // The API answers with the message.
  const { message } = (await answer.json()) as { message: { id: string } };
  await until(() => mentionsOn(ada), ["@ada, tee?"]);
  await bo.request("PATCH", `/api/rooms/garden/messages/${message.id}`, { text: "@ada, tea?" });
  await until(() => mentionsOn(ada), ["@ada, tea?"]);
  await bo.request("DELETE", `/api/rooms/garden/messages/${message.id}`);
  await until(() => mentionsOn(ada), []);
  await until(() => ada.locator(".toast").count(), 0);
  await until(() => ada.title(), "Lobby · Tidings chat");
  expect(await ada.locator("#mentions").isVisible()).toBe(false);
});

test("an old mention is found in the history, and counts as read when it is on screen", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  const ada = await enterAs("ada", url);
  const post = (text: string) => bo.request("POST", "/api/rooms/garden/messages", { text });
  await post("@ada, one?");
  for (let number = 1; number <= 250; number++) await post(`number ${number}`);
  await post("@ada, two?");
  for (let number = 251; number <= 400; number++) await post(`number ${number}`);
  await until(() => mentionsOn(ada), ["@ada, two?", "@ada, one?"]);
  await ada.reload();
  for (const [index, text] of ["@ada, one?", "@ada, two?"].entries()) {
    await ada.locator("#mention-list a", { hasText: text }).click();
    await expectRoom(ada, "Garden");
    const item = ada.locator(".message", { hasText: text });
    const isOnScreen = async () => {
      const [box, frame] = await Promise.all([item.boundingBox(), ada.locator("#scroller").boundingBox()]);
      return box !== null && frame !== null && box.y > frame.y && box.y + box.height < frame.y + frame.height;
    };
    await until(isOnScreen, true);
    await until(() => mentionsOn(ada), index === 0 ? ["@ada, two?"] : []);
    expect(await isOnScreen()).toBe(true);
    await roomLink(ada, "Lobby").click();
    await expectRoom(ada, "Lobby");
  }
});

const HISTORY = /\/events\?.*last=/;
const mentionOn = (page: Page, text: string) => page.locator("#mention-list a", { hasText: text });
const expectRevealed = (page: Page, texts: readonly string[]) =>
  until(() => page.locator(".message.revealed .text").allTextContents(), texts);

/** Opens a room at a mention. An older mention there is on no page yet, and the newest message is below the window. */
async function openAtMention() {
  const { url } = await openChat();
  const [bo] = await Promise.all([visit(url, "bo"), visit(url, "ada")]);
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  const post = (text: string) => bo.request("POST", "/api/rooms/garden/messages", { text });
  const postMany = async (count: number) => {
    for (let number = 1; number <= count; number++) await post(`number ${number}\n\nof ${count}`);
  };
  await post("@ada, one?");
  await postMany(40);
  await post("@ada, two?");
  await postMany(25);
  // What was said in the last two seconds comes with every state.
  await sleep(2_500);
  const ada = await enterAs("ada", url);
  await mentionOn(ada, "@ada, two?").click();
  await expectRevealed(ada, ["@ada, two?"]);
  expect(await ada.locator(".message", { hasText: "@ada, one?" }).count()).toBe(0);
  const isAtEnd = () =>
    ada.locator("#scroller").evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 5);
  return { ada, post, isAtEnd };
}

test("an old mention of the open room is looked for at once, and again when one asks again", async () => {
  const { ada } = await openAtMention();
  await ada.route(HISTORY, (route) => route.abort());
  await mentionOn(ada, "@ada, one?").click();
  await ada.getByRole("button", { name: "Try again" }).waitFor();
  await ada.unrouteAll();
  await mentionOn(ada, "@ada, one?").click();
  await expectRevealed(ada, ["@ada, one?", "@ada, two?"]);
});

test("if an old mention cannot be loaded, new messages at the end are read as ever", async () => {
  const { ada, post, isAtEnd } = await openAtMention();
  await ada.route(HISTORY, (route) => route.abort());
  await mentionOn(ada, "@ada, one?").click();
  await ada.getByRole("button", { name: "Try again" }).waitFor();
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight));
  await until(isAtEnd, true);
  await post("@ada, three?");
  await until(async () => (await textsOn(ada)).at(-1), "@ada, three?");
  await until(() => mentionsOn(ada), []);
  expect(await ada.locator(".toast").count()).toBe(0);
});

test.for([
  ["goes to the newest message", (ada: Page) => ada.locator("#newer").click()],
  ["says something", (ada: Page) => say(ada, "three!")],
] as const)("a person who %s is not taken to an old mention any more", async ([, act]) => {
  const { ada, isAtEnd } = await openAtMention();
  let answer = (): void => {};
  const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
  await ada.route(HISTORY, async (route) => {
    await mayAnswer;
    await route.continue();
  });
  await mentionOn(ada, "@ada, one?").click();
  await act(ada);
  await until(isAtEnd, true);
  answer();
  await until(async () => (await textsOn(ada))[0], "@ada, one?");
  expect(await isAtEnd()).toBe(true);
});

test("a mention of the open room is scrolled to also where the address of the page names no room yet", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const ada = await enterAs("ada", url);
  for (const text of numbered(1, 40)) await bo.say(text);
  await until(async () => (await textsOn(ada)).length, 40);
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  await ada.locator("#newer").waitFor();
  for (const text of [...numbered(41, 80), "@ada, one?", ...numbered(81, 120)]) await bo.say(text);
  await mentionOn(ada, "@ada, one?").click();
  await expectRevealed(ada, ["@ada, one?"]);
  // A new address is reported a little later.
  await sleep(100);
  const [item, frame] = await Promise.all([".revealed", "#scroller"].map((each) => ada.locator(each).boundingBox()));
  expect(item?.y).toBeGreaterThan(frame?.y ?? 0);
  expect(item?.y).toBeLessThan((frame?.y ?? 0) + (frame?.height ?? 0));
});
