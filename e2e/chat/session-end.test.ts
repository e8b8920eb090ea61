import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  createRoom,
  enterAs,
  expectStatus,
  expectTexts,
  openChat,
  openWindow,
  reconnectNow,
  roomLink,
  say,
  until,
} from "./stage.ts";

/** Ten times the bar of one second, for a busy machine. */
const LIMIT = 10_000;
const SENTENCE = "Your session has ended, perhaps in another window. Sign in again to go on.";

test("a session that is deleted elsewhere ends the streams of its tabs, with a sentence, and no others", async () => {
  const { url, server } = await openChat();
  const ada = await enterAs("ada", url);
  const second = await ada.context().newPage();
  await second.goto(url);
  const bo = await enterAs("bo", url);
  await expectStatus(second, "Live");
  // Her two tabs share a stream.
  await until(() => server.hub.stats().connections, 2);
  const begun = performance.now();
  expect((await ada.context().request.delete(`${url}/api/session`)).status()).toBe(204);
  for (const page of [ada, second]) await until(() => page.locator("#sign-in-problem").textContent(), SENTENCE);
  expect(performance.now() - begun).toBeLessThan(LIMIT);
  expect(await ada.getByLabel("Your name").isVisible()).toBe(true);
  await until(() => server.hub.stats().connections, 1);
  await say(bo, "still here");
  await expectTexts(bo, ["still here"]);
  // The form in such a tab signs in again.
  await ada.getByLabel("Your name").fill("ada");
  await ada.keyboard.press("Enter");
  await expectTexts(ada, ["still here"]);
});

test("after signing out, the next person sees nothing of the last one", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.getByLabel("Message to").fill("a secret draft");
  await ada.getByRole("button", { name: "Sign out" }).click();
  await ada.getByLabel("Your name").fill("bo");
  await ada.keyboard.press("Enter");
  await until(() => ada.locator("#my-name").textContent(), "bo");
  expect(await ada.getByLabel("Message to").inputValue()).toBe("");
});

test("the read marks of a session that has ended are not sent as the next person's", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const bo = await visit(url, "bo");
  await createRoom(ada, "Garden");
  let answer = (): void => {};
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  const asked: unknown[] = [];
  let isStored = false;
  await ada.route("**/read", async (route) => {
    const request = route.request();
    asked.push([request.headers()["chat-person"], new URL(request.url()).pathname]);
    const response = await route.fetch();
    isStored = true;
    if (asked.length === 1) await isAnswered;
    await route.fulfill({ response });
  });
  // Two marks: the first one is on its way, and the second one waits for its answer.
  for (const [id, name] of [
    ["lobby", "Lobby"],
    ["garden", "Garden"],
  ] as const) {
    await roomLink(ada, name).click();
    await bo.request("POST", `/api/rooms/${id}/messages`, { text: "hi" });
    await expectTexts(ada, ["hi"]);
    await until(() => isStored, true);
  }
  await ada.getByRole("button", { name: "Sign out" }).click();
  await ada.getByLabel("Your name").fill("cy");
  await ada.keyboard.press("Enter");
  await until(() => ada.locator("#my-name").textContent(), "cy");
  const answered = ada.waitForResponse("**/read");
  answer();
  await answered;
  // The room of the second mark is open, and cy has not joined it. This comes after the request that would be wrong.
  await say(ada, "I am cy");
  await expectTexts(ada, ["hi", "I am cy"]);
  expect(asked).toEqual([["ada", "/api/rooms/lobby/read"]]);
});

test("the form comes only with the answer to signing out, which removes the cookie", async () => {
  const { url, server } = await openChat();
  const ada = await enterAs("ada", url);
  let answer = (): void => {};
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  await ada.route("**/api/session", async (route) => {
    if (route.request().method() !== "DELETE") return route.continue();
    const response = await route.fetch();
    await isAnswered;
    await route.fulfill({ response });
  });
  await ada.getByRole("button", { name: "Sign out" }).click();
  // The stream has ended, and the page knows it.
  await until(() => server.hub.stats().connections, 0);
  await expectStatus(ada, "Disconnected. Reload the page to come back.");
  expect(await ada.getByLabel("Your name").isVisible()).toBe(false);
  answer();
  await ada.getByLabel("Your name").fill("bo");
  await ada.keyboard.press("Enter");
  await expectStatus(ada, "Live");
  await ada.reload();
  await until(() => ada.locator("#my-name").textContent(), "bo");
});

test("an invalid name is refused in a sentence", async () => {
  const { url } = await openChat();
  const page = await openWindow();
  await page.goto(url);
  await page.getByLabel("Your name").press("Enter");
  await until(() => page.locator("#sign-in-problem").textContent(), "Please say your name.");
  await page.getByLabel("Your name").fill("👩‍🚀".repeat(8));
  await page.keyboard.press("Enter");
  await until(() => page.locator("#sign-in-problem").textContent(), "Please choose another name.");
  // To sign in as somebody who is there already, one has to write exactly that name.
  await visit(url, "Ada");
  await page.getByLabel("Your name").fill("ada");
  await page.keyboard.press("Enter");
  await until(async () => /looks the same/.test((await page.locator("#sign-in-problem").textContent()) ?? ""), true);
  expect((await visit(url, "ok")).cookie).not.toBe("");
  // A full chat.
  await page.route("**/api/session", (route) => route.fulfill({ status: 503 }));
  await page.keyboard.press("Enter");
  await until(
    async () => /takes no new people/.test((await page.locator("#sign-in-problem").textContent()) ?? ""),
    true,
  );
});

test("the page of one person never acts as another one who has signed in in another window", async () => {
  const { url } = await openChat();
  // Both windows of one browser show the form, before anybody signs in.
  const first = await openWindow();
  const second = await first.context().newPage();
  await second.goto(url);
  const ada = await enterAs("ada", url, first);
  await second.getByLabel("Your name").fill("bo");
  await second.keyboard.press("Enter");
  await expectStatus(second, "Live");
  await say(ada, "I am ada");
  await until(() => ada.locator("#sign-in-problem").textContent(), SENTENCE);
  await say(second, "I am bo");
  await expectTexts(second, ["I am bo"]);
  // Her message waits until she comes back.
  await ada.getByLabel("Your name").fill("ada");
  await ada.keyboard.press("Enter");
  await expectTexts(ada, ["I am bo", "I am ada"]);
  expect(await ada.locator("#messages .author").allTextContents()).toEqual(["bo", "ada"]);
});

test("a window that was offline while another person signed in does not go on as that person", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const second = await ada.context().newPage();
  await second.goto(url);
  await expectStatus(second, "Live");
  await ada.route("**/*", (route) => route.abort());
  await second.getByRole("button", { name: "Sign out" }).click();
  await second.getByLabel("Your name").fill("bo");
  await second.keyboard.press("Enter");
  await until(() => second.locator("#my-name").textContent(), "bo");
  await expectStatus(second, "Live");
  await ada.unroute("**/*");
  await reconnectNow(ada);
  await until(() => ada.locator("#sign-in-problem").textContent(), SENTENCE);
  // To leave such a page does not sign the other person out.
  await second.reload();
  await until(() => second.locator("#my-name").textContent(), "bo");
});

test("a draft is there again when one signs in after the end of a session", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.getByLabel("Message to").fill("half a thought");
  expect((await ada.context().request.delete(`${url}/api/session`)).status()).toBe(204);
  await until(() => ada.locator("#sign-in-problem").textContent(), SENTENCE);
  await ada.getByLabel("Your name").fill("ada");
  await ada.keyboard.press("Enter");
  await expectStatus(ada, "Live");
  expect(await ada.getByLabel("Message to").inputValue()).toBe("half a thought");
});
