import { rm } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterEach, beforeAll, expect, test } from "vitest";
import { startBrowser } from "./browser.ts";
import { buildPage } from "./chat-page.ts";
import { startChat, visit, type RunningChat } from "./chat.ts";
import { createProxy, type TcpProxy } from "./tcp-proxy.ts";

let browser: Browser;
let built: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  built = await buildPage();
  browser = await startBrowser();
  return async () => {
    await browser.close();
    await rm(built, { recursive: true });
  };
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const chat = async (port = 0): Promise<RunningChat> => {
  const running = await startChat({ page: built, port });
  closing.push(() => running.server.close());
  return running;
};

const proxyTo = async ({ server }: RunningChat): Promise<TcpProxy & { readonly url: string }> => {
  const proxy = await createProxy(server.port);
  closing.push(() => proxy.close());
  return Object.assign(proxy, { url: `http://127.0.0.1:${proxy.port}` });
};

/** A page of a browser that nobody has used before. */
const openPage = async (): Promise<Page> => {
  const context = await browser.newContext();
  closing.push(() => context.close());
  return context.newPage();
};

const enterAs = async (name: string, url: string): Promise<Page> => {
  const page = await openPage();
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter the lobby" }).click();
  await expectStatus(page, "Live");
  return page;
};

const say = async (page: Page, text: string): Promise<void> => {
  const field = page.getByLabel("Message to the lobby");
  await field.fill(text);
  await field.press("Enter");
  await until(() => field.inputValue(), "");
};

const textsOn = (page: Page): Promise<string[]> => page.locator("#messages .text").allTextContents();
const authorsOn = (page: Page): Promise<string[]> => page.locator("#messages .author").allTextContents();
const until = (read: () => unknown, expected: unknown) =>
  expect.poll(read, { timeout: 15_000, interval: 20 }).toEqual(expected);
const expectStatus = (page: Page, text: string) => until(() => page.locator("#status-text").textContent(), text);
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `number ${from + index}`);

test("two people chat: what one browser posts, the other sees at once", async () => {
  const { url } = await chat();
  const [ada, bo] = await Promise.all([enterAs("ada", url), enterAs("bo", url)]);
  await ada.getByLabel("Message to the lobby").pressSequentially("hi");
  await until(() => bo.locator("#typing").textContent(), "ada is typing…");
  await ada.keyboard.press("Enter");
  await until(() => textsOn(bo), ["hi"]);
  await say(bo, "hello ada\nhow are you?");
  await until(() => textsOn(ada), ["hi", "hello ada\nhow are you?"]);
  expect(await authorsOn(ada)).toEqual(["ada", "bo"]);
  // A reload needs no new sign-in, and the snapshot has what was said.
  await ada.reload();
  await until(() => textsOn(ada), ["hi", "hello ada\nhow are you?"]);
});

test("50 messages sent while the network of one page is cut appear once and in order when it is back", async () => {
  const running = await chat();
  const proxy = await proxyTo(running);
  const [ada, bo] = await Promise.all([enterAs("ada", proxy.url), enterAs("bo", running.url)]);
  await say(bo, "number 0");
  await until(() => textsOn(ada), ["number 0"]);

  await ada.context().setOffline(true);
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "You are offline");
  for (const text of numbered(1, 50)) await say(bo, text);
  expect(await textsOn(ada)).toEqual(["number 0"]);

  proxy.accept();
  await ada.context().setOffline(false);
  await until(() => textsOn(ada), numbered(0, 50));
  await expectStatus(ada, "Live");
  expect(await ada.locator("#notice").isVisible()).toBe(false);
  const reader = await visit(running.url, "reader");
  expect(await textsOn(ada)).toEqual(await reader.read(51));
  expect(await textsOn(bo)).toEqual(await reader.read(51));
});

test("a connection that breaks without a word is made anew, and nothing is missing", async () => {
  const running = await chat();
  const proxy = await proxyTo(running);
  const ada = await enterAs("ada", proxy.url);
  const bo = await visit(running.url, "bo");
  proxy.refuse();
  proxy.cut();
  await expectStatus(ada, "Connection lost");
  for (const text of numbered(1, 5)) await bo.say(text);
  proxy.accept();
  await until(() => textsOn(ada), numbered(1, 5));
  await expectStatus(ada, "Live");
});

test("a message that cannot be sent stays in the field, says so, and is sent once", async () => {
  const running = await chat();
  const proxy = await proxyTo(running);
  const ada = await enterAs("ada", proxy.url);
  const field = ada.getByLabel("Message to the lobby");
  // The request reaches the server, its answer does not reach the page.
  proxy.cutAfter(0);
  proxy.cut();
  await field.fill("only once");
  await field.press("Enter");
  await until(async () => (await ada.locator("#composer-problem").textContent())?.startsWith("Not sent."), true);
  expect(await field.inputValue()).toBe("only once");
  proxy.cutAfter(Number.POSITIVE_INFINITY);
  await say(ada, "only once");
  await until(() => textsOn(ada), ["only once"]);
  expect(await (await visit(running.url, "reader")).read(10)).toEqual(["only once"]);
});

test("a restart on the memory log shows an honest gap and the page heals by snapshot", async () => {
  const first = await chat();
  const ada = await enterAs("ada", first.url);
  await say(ada, "before");
  await until(() => textsOn(ada), ["before"]);
  await first.server.close();
  await until(async () => (await ada.locator("#status-text").textContent()) !== "Live", true);

  const second = await chat(first.server.port);
  const bo = await visit(second.url, "bo");
  await bo.say("after");
  await until(async () => {
    const notice = await ada.locator("#notice-text").textContent();
    return (
      notice?.startsWith("Some messages could not be recovered:") === true &&
      notice.endsWith("Reloaded from the server.")
    );
  }, true);
  expect(await textsOn(ada)).toEqual(["after"]);
  await expectStatus(ada, "Live");
  await bo.say("and live again");
  await until(() => textsOn(ada), ["after", "and live again"]);
  await ada.getByRole("button", { name: "Dismiss" }).click();
  expect(await ada.locator("#notice").isVisible()).toBe(false);
});

test("native EventSource resumes by Last-Event-ID", async () => {
  const running = await chat();
  const proxy = await proxyTo(running);
  const bo = await visit(running.url, "bo");
  const page = await openPage();
  await page.context().request.post(`${proxy.url}/api/session`, { data: { name: "ada" } });
  // No page of ours, no library: only the browser.
  await page.goto(`${proxy.url}/healthz`);
  await page.evaluate(() => {
    const texts: string[] = [];
    const source = new EventSource("/events?channel=rooms/lobby");
    source.addEventListener("rooms/lobby:message", (event) => {
      // The chat's contract says what is in it.
      texts.push((JSON.parse(event.data as string) as { text: string }).text);
    });
    Object.assign(globalThis, { source, texts });
  });
  const readTexts = () => page.evaluate(() => (globalThis as unknown as { texts: string[] }).texts);
  const readState = () => page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState);
  await until(readState, 1);
  await bo.say("number 1");
  await until(readTexts, ["number 1"]);

  proxy.refuse();
  proxy.cut();
  await until(readState, 0);
  for (const text of numbered(2, 10)) await bo.say(text);
  proxy.accept();
  await until(readTexts, numbered(1, 10));
  await bo.say("number 11");
  await until(readTexts, numbered(1, 11));
  expect(await readTexts()).toEqual(await bo.read(11));
});

test("no console errors, CSP holds: markup in messages and names shows as text", async () => {
  const { url } = await chat();
  const names = ["<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "__proto__", "{{7*7}}${7*7}"];
  const texts = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '<a href="javascript:alert(1)">click</a>',
    "javascript:alert(1)",
    "</p></li></ol><style>*{display:none}</style>",
    "<base href=//example.invalid/><form action=/x><button>send",
    "&lt;b&gt;&#x3c;b&#x3e;",
    "\u202egnissim\u202c \u2028 \u0000 end",
  ];
  const troubles: string[] = [];
  const page = await openPage();
  page.on(
    "console",
    (message) => void (["error", "warning"].includes(message.type()) && troubles.push(message.text())),
  );
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("dialog", (dialog) => {
    troubles.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on(
    "request",
    (request) => void (request.url().startsWith(url) || troubles.push(`a request to ${request.url()}`)),
  );
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective }) =>
      console.error(`violated: ${violatedDirective}`),
    );
  });
  await page.goto(url);
  await page.getByLabel("Your name").fill(names[0] ?? "");
  await page.keyboard.press("Enter");
  await expectStatus(page, "Live");

  const visitors = await Promise.all(names.map((name) => visit(url, name)));
  for (const text of texts) await visitors[0]?.say(text);
  for (const visitor of visitors) await visitor.say("hi");
  await visitors[1]?.request("POST", "/api/rooms/lobby/typing");
  await until(() => textsOn(page), [...texts, ...names.map(() => "hi")]);
  await until(() => page.locator("#typing").textContent(), `${names[1]} is typing…`);
  expect(new Set(await authorsOn(page))).toEqual(new Set(names));
  expect(await page.locator("#messages .text *, #messages .author *, #my-name *, #typing *").count()).toBe(0);
  await page.reload();
  await until(() => textsOn(page), [...texts, ...names.map(() => "hi")]);
  expect(troubles).toEqual([]);

  // The policy is what stops a script that got in all the same.
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.gotIn = true";
    document.body.append(script);
  });
  await until(() => troubles.some((trouble) => trouble.startsWith("violated: script-src")), true);
  expect(await page.evaluate(() => "gotIn" in globalThis)).toBe(false);
});
