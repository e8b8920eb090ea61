import { join } from "node:path";
import Database from "libsql";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { runChat } from "../chat-process.ts";
import { freshFolder } from "../fresh-folder.ts";
import {
  enterAs,
  expectStatus,
  expectTexts,
  hurry,
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

/** What the application's own table has, in its order. */
function rowsIn(file: string): string[] {
  const database = new Database(file, { readonly: true });
  try {
    const rows = database.prepare("select said from messages order by number").all() as { said: string }[];
    return rows.map(({ said }) => (JSON.parse(said) as { text: string }).text);
  } finally {
    database.close();
  }
}

test("50 messages sent while one window is offline appear once and in order, as the rows have them", async () => {
  const database = join(await freshFolder(), "chat.db");
  const { url, server } = await openChat({ database });
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
  expect(await textsOn(ada)).toEqual(rowsIn(database));
  expect(await textsOn(bo)).toEqual(rowsIn(database));
});

test("a connection that breaks without a word is made anew, and nothing is missing", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  const bo = await visit(url, "bo");
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "Connection lost");
  for (const text of numbered(1, 5)) await bo.say(text);
  proxy.accept();
  await hurry(ada);
  await expectTexts(ada, numbered(1, 5));
  await expectStatus(ada, "Live");
});

test("the server is killed and comes back: nothing that it confirmed is missing, nothing is there twice, and the status is true", async () => {
  const folder = await freshFolder();
  const database = join(folder, "data", "chat.db");
  const first = runChat(folder, { PORT: "0" });
  const url = await first.url();
  const windows = await Promise.all([openWindow(), openWindow()]);
  // The real main has the page of the last build; this one is from the sources.
  for (const window of windows) await pageFromHere(window);
  const [ada, bo] = await Promise.all([enterAs("ada", url, windows[0]), enterAs("bo", url, windows[1])]);
  for (const text of numbered(1, 5)) await say(ada, text);
  await expectTexts(bo, numbered(1, 5));

  // In the middle of a burst: what of it was confirmed nobody knows before it is over.
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
  await Promise.all([hurry(ada), hurry(bo)]);
  for (const page of [ada, bo]) await expectStatus(page, "Live");
  for (const page of [ada, bo]) {
    await until(() => waitingOn(page), []);
    await until(() => textsOn(page), rowsIn(database));
    expect(await page.locator("#notice").isVisible()).toBe(false);
  }
  const rows = rowsIn(database);
  expect(rows.filter((text) => text.startsWith("number")).toSorted()).toEqual(numbered(1, 12).toSorted());
  expect(rows.length).toBe(13);
});

test("a restart on the memory log shows an honest gap, and the page heals by snapshot", async () => {
  const first = await openChat();
  const ada = await enterAs("ada", first.url);
  await say(ada, "before");
  await expectTexts(ada, ["before"]);
  await first.server.close();
  await until(async () => (await ada.locator("#status-text").textContent()) !== "Live", true);

  const second = await openChat({ port: first.server.port });
  const bo = await visit(second.url, "bo");
  await bo.say("after");
  await hurry(ada);
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
