// What Chromium shows in the other tests, in a Firefox, where this machine has one.
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { bundle } from "../../packages/client/test/node/bundle.ts";
import { createBufferingProxy } from "../buffering-proxy.ts";
import { visit } from "../chat.ts";
import { FIREFOX, startFirefox, type Firefox, type Person, type Tab } from "../firefox.ts";
import { servePollingPage } from "../react/polling-page.ts";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { numbered, openChat } from "./stage.ts";

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

if (FIREFOX === undefined) {
  console.warn("No Firefox on this machine: .ci/run installs it on Debian.");
}

let firefox: Firefox;
let scripts: ReadonlyMap<string, string>;
beforeAll(async () => {
  if (FIREFOX === undefined) return;
  firefox = await startFirefox(FIREFOX);
  scripts = new Map([["polling.js", await bundle(`export * from "../../../../e2e/react/page/polling.ts";`)]]);
});
afterAll(() => firefox?.close());

async function addPerson(): Promise<Person> {
  const person = await firefox.addPerson();
  onTestFinished(() => person.leave());
  return person;
}

/** Waits until an expression of the page has a value. */
const expectIn = (tab: Tab, expression: string, expected: unknown): Promise<void> =>
  expect.poll(() => tab.evaluate(expression), { timeout: 50_000, interval: 50 }).toEqual(expected);

const expectTexts = (tab: Tab, texts: readonly string[]) =>
  expectIn(tab, `Array.from(document.querySelectorAll("#messages .text"), ({ textContent }) => textContent)`, texts);
const expectStatus = (tab: Tab, text: string) =>
  expectIn(tab, `document.querySelector("#status-text").textContent`, text);

/** Signs in by the form. */
async function enterAs(name: string, person: Person, url: string): Promise<Tab> {
  const tab = await person.openTab(url);
  await expectIn(tab, `document.querySelector("#sign-in").hidden`, false);
  const field = `document.querySelector("#name")`;
  await tab.evaluate(`void (${field}.value = ${JSON.stringify(name)}, ${field}.form.requestSubmit())`);
  await expectStatus(tab, "Live");
  return tab;
}

test.runIf(FIREFOX)("the chat has history, then live messages, and misses none over a restart", async () => {
  const log = { kind: "sqlite", path: await temporaryPath("chat.db") } as const;
  const first = await openChat({ log });
  let { port } = first.server;
  const proxy = await createProxy(() => port);
  onTestFinished(() => proxy.close());
  const bo = await visit(first.url, "bo");
  for (const text of numbered(1, 3)) await bo.say(text);
  const ada = await enterAs("ada", await addPerson(), `http://127.0.0.1:${proxy.port}`);
  await expectTexts(ada, numbered(1, 3));
  await bo.say("number 4");
  await expectTexts(ada, numbered(1, 4));

  await first.server.close();
  const second = await openChat({ log });
  ({ port } = second.server);
  const again = await visit(second.url, "bo");
  for (const text of numbered(5, 9)) await again.say(text);
  await expectTexts(ada, numbered(1, 9));
  await expectStatus(ada, "Live");
  await again.say("number 10");
  await expectTexts(ada, numbered(1, 10));
});

test.runIf(FIREFOX)(
  "seven tabs share a stream over HTTP/1.1, and no message is lost when the leader closes",
  async () => {
    const { url } = await openChat();
    const bo = await visit(url, "bo");
    // The first one leads, then the second one: they stand in this order for the lock.
    const ada = await addPerson();
    const tabs = [await enterAs("ada", ada, url)];
    while (tabs.length < 7) {
      const tab = await ada.openTab(url);
      await expectStatus(tab, "Live");
      tabs.push(tab);
    }
    await bo.say("number 1");
    for (const tab of tabs) await expectTexts(tab, ["number 1"]);
    for (const last of [2, 4]) {
      const isClosed = tabs.shift()?.close();
      await bo.say(`number ${last}`);
      await isClosed;
      await bo.say(`number ${last + 1}`);
      for (const tab of tabs) await expectTexts(tab, numbered(1, last + 1));
    }
  },
);

test.runIf(FIREFOX)("behind a proxy that keeps streams back, a page goes on by long poll", async () => {
  const { port, say, texts } = await servePollingPage(scripts, 15_000);
  const proxy = await createBufferingProxy(port);
  onTestFinished(() => proxy.close());
  proxy.isBuffering = true;
  const person = await addPerson();
  const tab = await person.openTab(`http://127.0.0.1:${proxy.port}`);
  await expectIn(tab, "polling.status", { state: "live", transport: "poll" });
  await say(10);
  await expectIn(tab, "[polling.heard, polling.snapshots]", [texts(), 1]);
});

test.runIf(FIREFOX)("a page whose stream died while it was hidden has what it missed when it is shown", async () => {
  // Until silence alone tells that the stream is dead, twelve minutes pass.
  const { port, say } = await servePollingPage(scripts, 300_000);
  const proxy = await createProxy(port);
  onTestFinished(() => proxy.close());
  const person = await addPerson();
  const tab = await person.openTab(`http://127.0.0.1:${proxy.port}`);
  await expectIn(tab, "polling.status", { state: "live" });
  const other = await person.openTab("about:blank");
  await expectIn(tab, "document.visibilityState", "hidden");
  await say(1);
  await expectIn(tab, "polling.heard", ["1"]);
  proxy.mute();
  await say(1);
  // A stream that has just begun is believed: this one has slept for a minute.
  await tab.evaluate("void (Date.now = ((now) => () => now() + 60_000)(Date.now))");
  await tab.show();
  await expectIn(other, "document.visibilityState", "hidden");
  await expectIn(tab, "[polling.heard, polling.status.state]", [["1", "2"], "live"]);
});
