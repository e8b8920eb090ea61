import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  enterAs,
  expectStatus,
  expectTexts,
  numbered,
  openChat,
  openWindow,
  proxyTo,
  say,
  textsOn,
  until,
  waitingOn,
} from "./stage.ts";

test("messages that are written offline are shown as waiting, and sent once and in order afterwards", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  await ada.context().setOffline(true);
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "You are offline");
  for (const text of numbered(1, 5)) await say(ada, text);
  expect(await waitingOn(ada)).toEqual(numbered(1, 5));
  expect(new Set(await ada.locator("#waiting .state").allTextContents())).toEqual(
    new Set(["Waiting for the connection"]),
  );
  proxy.accept();
  await ada.context().setOffline(false);
  await expectTexts(ada, numbered(1, 5));
  await until(() => waitingOn(ada), []);
  expect(await (await visit(url, "reader")).read(10)).toEqual(numbered(1, 5));
});

test("a message whose answer is lost is stored once, also over a reload", async () => {
  const { url } = await openChat();
  const window = await openWindow();
  const ada = await enterAs("ada", url, window);
  // The server stores the message, but the page gets no answer, and is reloaded.
  await ada.route("**/messages", async (route) => {
    await route.fetch();
    await route.abort();
  });
  const requestFailed = ada.waitForEvent("requestfailed", (request) => request.url().endsWith("/messages"));
  await say(ada, "only once");
  await requestFailed;
  // The stream has delivered it, so it is not shown as waiting any more.
  await expectTexts(ada, ["only once"]);
  await until(() => waitingOn(ada), []);
  expect(await ada.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("/outbox/")).length)).toBe(1);
  await ada.unrouteAll();
  await ada.reload();
  await expectStatus(ada, "Live");
  await until(() => ada.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("/outbox/")).length), 0);
  expect(await textsOn(ada)).toEqual(["only once"]);
  expect(await waitingOn(ada)).toEqual([]);
  expect(await (await visit(url, "reader")).read(10)).toEqual(["only once"]);
});

test("a message that the server has is shown as sent until the stream brings it, and then once", async () => {
  const { url, server } = await openChat();
  const proxy = await proxyTo(server.port);
  const ada = await enterAs("ada", proxy.url);
  await ada.route("**/events*", (route) => route.abort());
  proxy.cut();
  await expectStatus(ada, "Connection lost");
  await say(ada, "hi");
  await until(() => ada.locator("#waiting .state").allTextContents(), ["Sent"]);
  expect([await waitingOn(ada), await textsOn(ada)]).toEqual([["hi"], []]);
  await ada.unrouteAll();
  await expectTexts(ada, ["hi"]);
  await until(() => waitingOn(ada), []);
  expect(await (await visit(url, "reader")).read(10)).toEqual(["hi"]);
});

test("while one tab waits for an answer, another one neither sends its message, too, nor overtakes it", async () => {
  const { url } = await openChat();
  const first = await enterAs("ada", url);
  const second = await first.context().newPage();
  await second.goto(url);
  await expectStatus(second, "Live");
  let answer = (): void => {};
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  const posted: unknown[] = [];
  await first.context().route("**/messages", async (route) => {
    posted.push(/"text":"(\w+)"/.exec(route.request().postData() ?? "")?.[1]);
    await isAnswered;
    await route.continue();
  });
  await say(first, "one");
  await until(() => posted, ["one"]);
  await say(second, "two");
  // The second tab has the first message from the storage, and waits for its turn.
  await until(() => waitingOn(second), ["one", "two"]);
  const queued = () =>
    second.evaluate(async () =>
      (await navigator.locks.query()).pending?.some(({ name }) => name?.includes("/outbox/")),
    );
  await until(queued, true);
  answer();
  for (const tab of [first, second]) {
    await expectTexts(tab, ["one", "two"]);
    await until(() => waitingOn(tab), []);
  }
  expect(posted).toEqual(["one", "two"]);
});

test("waiting messages survive a reload while the server fails, and are sent when it recovers", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.route("**/messages", (route) => route.fulfill({ status: 503 }));
  for (const text of numbered(1, 3)) await say(ada, text);
  await until(() => waitingOn(ada), numbered(1, 3));
  await ada.reload();
  await expectStatus(ada, "Live");
  await until(() => waitingOn(ada), numbered(1, 3));
  await ada.unrouteAll();
  await ada.reload();
  await expectTexts(ada, numbered(1, 3));
  expect(await (await visit(url, "reader")).read(10)).toEqual(numbered(1, 3));
});

test("a refused message is shown as such, blocks no other, and can be retried or discarded", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.route("**/messages", (route) =>
    /"(no|maybe)"/.test(route.request().postData() ?? "") ? route.fulfill({ status: 400 }) : route.continue(),
  );
  for (const text of ["no", "maybe", "yes"]) await say(ada, text);
  await expectTexts(ada, ["yes"]);
  await until(() => waitingOn(ada), ["no", "maybe"]);
  expect(await ada.locator("#waiting .state").first().textContent()).toBe("Not sent. The server did not take it.");
  await ada.unrouteAll();
  await ada.getByRole("button", { name: "Discard" }).first().click();
  await ada.locator("#waiting .message").getByRole("button", { name: "Try again" }).click();
  await expectTexts(ada, ["yes", "maybe"]);
  expect(await waitingOn(ada)).toEqual([]);
});
