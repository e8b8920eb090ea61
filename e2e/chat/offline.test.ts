import { join } from "node:path";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { setUpChatProcesses } from "../chat-process.ts";
import { storedMessages } from "../stored-messages.ts";
import { temporaryFolder, temporaryPath } from "../temporary-folder.ts";
import {
  enterAs,
  expectStatus,
  expectTexts,
  reconnectNow,
  numbered,
  openChat,
  openWindow,
  pageFromHere,
  proxyTo,
  say,
  textsOn,
  until,
  waitingOn,
} from "./stage.ts";

const runChat = setUpChatProcesses();

test("50 messages that are sent while a window is offline appear once, in the order of the rows", async () => {
  const database = await temporaryPath("chat.db");
  const { url, server } = await openChat({ log: { kind: "sqlite", path: database } });
  const proxy = await proxyTo(server.port);
  const [ada, bo] = await Promise.all([enterAs("ada", proxy.url), enterAs("bo", url)]);
  await say(bo, "number 0");
  await expectTexts(ada, ["number 0"]);

  await ada.context().setOffline(true);
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "You are offline");
  const script = await visit(url, "bo");
  for (const text of numbered(1, 50)) await script.say(text);
  await expectTexts(bo, numbered(0, 50));
  expect(await textsOn(ada)).toEqual(["number 0"]);

  proxy.accept();
  await ada.context().setOffline(false);
  await expectTexts(ada, numbered(0, 50));
  await expectStatus(ada, "Live");
  expect(await ada.locator("#notice").isVisible()).toBe(false);
  expect(await textsOn(ada)).toEqual(storedMessages(database));
  expect(await textsOn(bo)).toEqual(storedMessages(database));
});

test("after a connection breaks, the page reconnects, and nothing is missing", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  const bo = await visit(url, "bo");
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "Connection lost");
  for (const text of numbered(1, 5)) await bo.say(text);
  proxy.accept();
  await reconnectNow(ada);
  await expectTexts(ada, numbered(1, 5));
  await expectStatus(ada, "Live");
});

test("a lost connection says when it is tried again, a button tries at once, and presence dims", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  await enterAs("bo", url);
  await until(() => ada.locator("#people-count").textContent(), "2");
  // The clock of the page stands still, so no attempt begins by itself.
  await ada.clock.install();
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "Connection lost");
  expect(await ada.locator("#countdown").textContent()).toMatch(/^(reconnecting in \d+ s|trying…)$/);
  expect(await ada.locator("#presence.stale #people-title").textContent()).toBe("Last seen here");
  expect(await ada.locator("#people .name").allTextContents()).toEqual(["ada", "bo"]);
  expect(await ada.locator("#people-count").textContent()).toBe("");
  expect(
    await ada
      .locator("#people .avatar")
      .first()
      .evaluate((avatar) => getComputedStyle(avatar).opacity),
  ).toBe("0.45");

  proxy.accept();
  await ada.getByRole("button", { name: "Try now" }).click();
  await expectStatus(ada, "Live");
  expect(await ada.locator("#people-title").textContent()).toBe("Here now");
  await until(() => ada.locator("#people-count").textContent(), "2");
});

test("the number of people is never 0, whatever happens to the connection", async () => {
  const first = await openChat();
  const window = await openWindow();
  await window.addInitScript(() => {
    const seen = new Set<string>();
    Object.assign(globalThis, { seen });
    const look = () => {
      const count = document.getElementById("people-count")?.textContent;
      const people = document.querySelectorAll("#people li").length;
      if (document.getElementById("chat")?.hidden === false) seen.add(`${count ?? ""} beside ${people}`);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  });
  const ada = await enterAs("ada", first.url, window);
  await until(() => ada.locator("#people-count").textContent(), "1");
  await first.server.close();
  await until(async () => (await ada.locator("#status-text").textContent()) !== "Live", true);
  await openChat({ port: first.server.port });
  await reconnectNow(ada);
  await until(() => ada.locator("#people-count").textContent(), "1");
  // Defined by the script above.
  const seen = await ada.evaluate(() => [...(globalThis as unknown as { seen: Set<string> }).seen]);
  expect(seen.filter((each) => each.startsWith("0") || /^\d+ beside 0$/.test(each))).toEqual([]);
});

test("over a kill of the server, no acknowledged message is missing or repeated, and the status is right", async () => {
  const folder = await temporaryFolder();
  const database = join(folder, "data", "chat.db");
  const first = runChat(folder, { PORT: "0" });
  const url = await first.url();
  const windows = await Promise.all([openWindow(), openWindow()]);
  // The server process serves the page of the last build. The windows get the page from the current sources instead.
  for (const window of windows) await pageFromHere(window);
  const [ada, bo] = await Promise.all([enterAs("ada", url, windows[0]), enterAs("bo", url, windows[1])]);
  for (const text of numbered(1, 5)) await say(ada, text);
  await expectTexts(bo, numbered(1, 5));

  // The kill is in the middle of a burst, so some of these messages are acknowledged and some are not.
  const killed = numbered(6, 12).map((text, index) => ({ text, kills: index === 3 }));
  for (const { text, kills } of killed) {
    if (kills) first.child.kill("SIGKILL");
    await say(ada, text);
  }
  await first.exit();
  for (const page of [ada, bo]) {
    await until(
      async () =>
        /^(Connection lost|The server is busy)$/.test((await page.locator("#status-text").textContent()) ?? ""),
      true,
    );
  }
  await say(bo, "from bo, meanwhile");
  expect(await waitingOn(bo)).toEqual(["from bo, meanwhile"]);
  expect(await bo.locator("#waiting .state").allTextContents()).toEqual(["Waiting for the connection"]);

  expect(await runChat(folder, { PORT: new URL(url).port }).url()).toBe(url);
  await Promise.all([reconnectNow(ada), reconnectNow(bo)]);
  for (const page of [ada, bo]) await expectStatus(page, "Live");
  for (const page of [ada, bo]) {
    await until(() => waitingOn(page), []);
    await until(() => textsOn(page), storedMessages(database));
    expect(await page.locator("#notice").isVisible()).toBe(false);
  }
  const rows = storedMessages(database);
  expect(rows.filter((text) => text.startsWith("number")).toSorted()).toEqual(numbered(1, 12).toSorted());
  expect(rows.length).toBe(13);
});

test("after a restart on the memory log, the page shows a gap and recovers by a snapshot", async () => {
  const first = await openChat();
  const ada = await enterAs("ada", first.url);
  await say(ada, "before");
  await expectTexts(ada, ["before"]);
  await first.server.close();
  await until(async () => (await ada.locator("#status-text").textContent()) !== "Live", true);

  const second = await openChat({ port: first.server.port });
  const bo = await visit(second.url, "bo");
  await bo.say("after");
  await reconnectNow(ada);
  await until(async () => {
    const notice = await ada.locator("#notice-text").textContent();
    return (
      notice?.startsWith("Some messages could not be recovered:") === true &&
      notice.endsWith("Reloaded from the server.")
    );
  }, true);
  await expectTexts(ada, ["after"]);
  await expectStatus(ada, "Live");
  await bo.say("and live again");
  await expectTexts(ada, ["after", "and live again"]);
  await ada.getByRole("button", { name: "Dismiss" }).click();
  expect(await ada.locator("#notice").isVisible()).toBe(false);
});
