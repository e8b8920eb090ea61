import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { dictatedModel } from "../dictated-model.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { composerOf, createRoom, enterAs, expectRoom, expectStatus, openChat, openWindow } from "./stage.ts";
import { proxyTo, reconnectNow, roomLink, say, until } from "./stage.ts";

const answerOn = (page: Page) => page.locator("#messages .message.by-assistant").last();
const textOn = (page: Page) => answerOn(page).locator(".text").textContent();
const markOn = (page: Page) => answerOn(page).locator(".mark-of-answer").textContent();
const stopOn = (page: Page) => answerOn(page).getByRole("button", { name: "Stop" });
const newsOn = (page: Page) => page.locator("#answer-news").textContent();

test("an answer comes word by word, goes on after a reload, and is a plain message afterwards", async () => {
  const { model, say: dictate, finish } = dictatedModel();
  const { url } = await openChat({ model });
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await say(ada, "@tea what is tea?");
  for (const page of [ada, bo]) await until(() => answerOn(page).getAttribute("aria-busy"), "true");
  await until(() => ada.locator("#messages .mention").allTextContents(), ["@tea"]);
  dictate("Tea ");
  for (const page of [ada, bo]) await until(() => textOn(page), "Tea");
  dictate("is ");
  for (const page of [ada, bo]) await until(() => textOn(page), "Tea is");

  await ada.reload();
  // All words so far come at once. The rest follows.
  const seen: (string | null)[] = [];
  await until(async () => {
    if ((await answerOn(ada).count()) > 0) seen.push(await textOn(ada));
    return seen.at(-1);
  }, "Tea is");
  expect(seen.filter((text) => text !== "" && text !== "Tea is")).toEqual([]);
  dictate("a ", "drink.");
  for (const page of [ada, bo]) await until(() => textOn(page), "Tea is a drink.");
  const heights = () =>
    answerOn(bo).evaluate((item) =>
      [item, ...item.querySelectorAll(".text, .byline")].map((part) => part.getBoundingClientRect().height),
    );
  const before = await heights();
  finish();
  for (const page of [ada, bo]) {
    await until(() => answerOn(page).getAttribute("aria-busy"), "false");
    expect(await textOn(page)).toBe("Tea is a drink.");
    expect(await stopOn(page).count()).toBe(0);
    expect(await markOn(page)).toBe("");
    await until(() => newsOn(page), "Tea: Tea is a drink.");
  }
  // Nothing has moved.
  expect(await heights()).toEqual(before);
  await ada.reload();
  await until(() => textOn(ada), "Tea is a drink.");
});

test("a second person stops an answer, and everybody sees who", async () => {
  const { model, say: dictate } = dictatedModel();
  const { url } = await openChat({ model });
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await say(ada, "@tea tell me everything");
  dictate("Well, ", "at ", "first ");
  await until(() => textOn(bo), "Well, at first");
  await stopOn(bo).click();
  for (const page of [ada, bo]) {
    await until(() => markOn(page), "Stopped by bo");
    expect(await textOn(page)).toBe("Well, at first");
    expect(await stopOn(page).count()).toBe(0);
    await until(() => newsOn(page), "Tea: Well, at first Stopped by bo");
  }
});

test("only members of the room have the button, and nobody without a connection can press it", async () => {
  const { model, say: dictate } = dictatedModel();
  const { url, server } = await openChat({ model });
  const proxy = await proxyTo(server.port);
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", proxy.url)]);
  await createRoom(ada, "Garden");
  await say(ada, "@tea what grows?");
  dictate("Tomatoes. ");
  await roomLink(bo, "Garden").click();
  await expectRoom(bo, "Garden");
  await until(() => textOn(bo), "Tomatoes.");
  expect(await stopOn(bo).count()).toBe(0);
  await bo.getByRole("button", { name: "Join room" }).click();
  await until(() => stopOn(bo).count(), 1);
  proxy.refuse();
  proxy.cut();
  await until(() => stopOn(bo).isDisabled(), true);
  dictate("And ", "beans. ");
  await until(() => textOn(ada), "Tomatoes. And beans.");
  expect(await textOn(bo)).toBe("Tomatoes.");
  proxy.accept();
  await reconnectNow(bo);
  await expectStatus(bo, "Live");
  await until(() => textOn(bo), "Tomatoes. And beans.");
});

test("an answer that was being written when its server was restarted says so", async () => {
  const { model, say: dictate } = dictatedModel();
  const log = { kind: "sqlite", path: await temporaryPath("chat.db") } as const;
  const { url, server } = await openChat({ model, log });
  const ada = await enterAs("ada", url);
  await say(ada, "@tea?");
  dictate("Half ", "a ");
  await until(() => textOn(ada), "Half a");
  await server.close();
  await openChat({ port: server.port, log });
  await until(() => markOn(ada), "Interrupted");
  expect(await textOn(ada)).toBe("Half a");
});

test("the page tells once that there is an assistant, and offers its name", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const tip = ada.locator("#assistant-tip");
  await until(() => tip.isVisible(), true);
  expect(await tip.textContent()).toContain("fake model");
  await composerOf(ada).pressSequentially("hello @t");
  await until(() => ada.getByRole("option").allTextContents(), ["Tea"]);
  await ada.keyboard.press("Enter");
  await ada.keyboard.press("Enter");
  await until(() => tip.isVisible(), false);
  await until(() => textOn(ada), "“hello” Hello! What would you like to know?");
  await ada.reload();
  await until(() => textOn(ada), "“hello” Hello! What would you like to know?");
  expect(await tip.isVisible()).toBe(false);

  const nobody = await openWindow();
  await nobody.goto(url);
  await nobody.getByLabel("Your name").fill("tea");
  await nobody.keyboard.press("Enter");
  await until(
    () => nobody.locator("#sign-in-problem").textContent(),
    "Tea is the assistant of this chat. Please choose another name.",
  );
});
