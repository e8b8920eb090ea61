// Over HTTP/1.1, a browser opens six connections to a server, for all its tabs together.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { enterAs, expectStatus, expectTexts, numbered, openChat, openWindow, say, until } from "./stage.ts";

const LOCK = '["tidings"';

/** Opens another tab of the same person. */
async function openTab(first: Page, url: string): Promise<Page> {
  const tab = await first.context().newPage();
  await tab.goto(url);
  await expectStatus(tab, "Live");
  return tab;
}

/** The clients that hold the lock of the leader. */
const holders = (page: Page): Promise<readonly (string | undefined)[]> =>
  page.evaluate(async (name) => {
    const { held = [] } = await navigator.locks.query();
    return held.filter((lock) => lock.name?.includes(name)).map(({ clientId }) => clientId);
  }, LOCK);

/** How the browser calls a page. */
const clientOf = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => {
    const own = `own ${Math.random()}`;
    return navigator.locks.request(own, async () => {
      const { held = [] } = await navigator.locks.query();
      return held.find(({ name }) => name === own)?.clientId;
    });
  });

async function leaderOf(pages: readonly Page[]): Promise<Page> {
  const [some] = pages;
  if (!some) throw new Error("Expected a page, got none.");
  await until(async () => (await holders(some)).length, 1);
  const [leader] = await holders(some);
  for (const page of pages) {
    if ((await clientOf(page)) === leader) return page;
  }
  throw new Error("Expected a page to lead, got none.");
}

test("twenty tabs have every message once, and one that writes is answered; the leader dies ten times", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const tabs = [await enterAs("ada", url)];
  const [first] = tabs;
  if (!first) throw new Error("Expected a first tab.");
  const context = first.context();
  const openMore = async (): Promise<void> => {
    while (tabs.length < 20) tabs.push(await openTab(context.pages()[0] ?? first, url));
  };
  await openMore();
  let last = 0;
  const speak = async (): Promise<void> => bo.say(`number ${++last}`);

  for (let death = 0; death < 10; death++) {
    const leader = await leaderOf(tabs);
    await speak();
    tabs.splice(tabs.indexOf(leader), 1);
    // Nothing of the page runs any more: it cannot say goodbye.
    const isGone = leader.close({ runBeforeUnload: false });
    await speak();
    await isGone;
    await speak();
    for (const tab of tabs) await expectTexts(tab, numbered(1, last));
    await openMore();
  }

  const [writer] = tabs;
  if (!writer) throw new Error("Expected a tab.");
  await say(writer, `number ${++last}`);
  for (const tab of tabs) {
    await expectTexts(tab, numbered(1, last));
    await until(() => tab.locator("#waiting .text").count(), 0);
    await expectStatus(tab, "Live");
  }
}, 480_000);

test("when the leader freezes, another tab leads, and the frozen one has everything when it goes on", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const first = await enterAs("ada", url);
  const tabs = [first, await openTab(first, url), await openTab(first, url)];
  const frozen = await leaderOf(tabs);
  const others = tabs.filter((tab) => tab !== frozen);
  await bo.say("number 1");
  for (const tab of tabs) await expectTexts(tab, ["number 1"]);
  // As long as the dialog is open, nothing of the page runs.
  const shown = frozen.waitForEvent("dialog");
  const goesOn = frozen.evaluate(() => alert("Stop"));
  const dialog = await shown;
  await bo.say("number 2");
  const leads = async (): Promise<boolean> => (await leaderOf(others).catch(() => null)) !== null;
  await expect.poll(leads, { timeout: 30_000, interval: 500 }).toBe(true);
  for (const tab of others) await expectTexts(tab, numbered(1, 2));
  await bo.say("number 3");
  await dialog.accept();
  await goesOn;
  for (const tab of tabs) await expectTexts(tab, numbered(1, 3));
}, 60_000);

test("tabs of other people have streams of their own", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const tab = await openTab(ada, url);
  const bo = await enterAs("bo", url, await openWindow());
  await say(bo, "hello");
  for (const page of [ada, tab, bo]) await expectTexts(page, ["hello"]);
  expect(await holders(ada)).toHaveLength(1);
  expect(await holders(bo)).toHaveLength(1);
});
