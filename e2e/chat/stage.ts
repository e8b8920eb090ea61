import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { expect, inject } from "vitest";
import { startChat, type RunningChat } from "../chat.ts";
import { createProxy, type TcpProxy } from "../tcp-proxy.ts";

let browser: Browser | undefined;
const closing: (() => unknown)[] = [];

/** Joins the browser that all files share. */
export async function begin(): Promise<void> {
  browser ??= await chromium.connect(inject("browser"));
}

/** Ends whatever the test has begun, the last first. */
export async function end(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

/** Ends it with the test, the last one first. */
const endWithTest = (close: () => unknown): void => void closing.push(close);

/** A chat with the built page. @param database `:memory:` unless told */
export async function openChat(options: { port?: number; database?: string } = {}): Promise<RunningChat> {
  const running = await startChat({ page: inject("page"), ...options });
  endWithTest(() => running.server.close());
  return running;
}

/** A way to the chat that can be cut. */
export async function proxyTo(port: number): Promise<TcpProxy & { readonly url: string }> {
  const proxy = await createProxy(port);
  endWithTest(() => proxy.close());
  return Object.assign(proxy, { url: `http://127.0.0.1:${proxy.port}` });
}

/** A window of a browser that nobody has used before. */
export async function openWindow(options: BrowserContextOptions = {}): Promise<Page> {
  if (browser === undefined) throw new Error("Expected begin() to have been called; hooks.ts does.");
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB", ...options });
  endWithTest(() => context.close());
  return context.newPage();
}

/** Gives the built page to this window, whatever the server has; API and stream stay the server's. */
export async function pageFromHere(window: Page): Promise<void> {
  await window.route(
    ({ pathname }) => !/^\/(api|events)/.test(pathname),
    (route) => {
      const { pathname } = new URL(route.request().url());
      return route.fulfill({ path: join(inject("page"), pathname === "/" ? "index.html" : pathname) });
    },
  );
}

/** Signs in by the form. */
export async function enterAs(name: string, url: string, window?: Page): Promise<Page> {
  const page = window ?? (await openWindow());
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await expectStatus(page, "Live");
  return page;
}

export const composerOf = (page: Page) => page.getByLabel("Message to");

/** Writes a message and sends it; it may wait from then on. */
export async function say(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text);
  await composerOf(page).press("Enter");
}

/** Makes a room through the dialog; it is open then. */
export async function createRoom(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Create a room" }).click();
  await page.getByLabel("What is it called?").fill(name);
  await page.keyboard.press("Enter");
  await expectRoom(page, name);
}

export const roomLink = (page: Page, name: string) => page.locator(".rooms a", { hasText: name });

export const textsOn = (page: Page): Promise<string[]> => page.locator("#messages .text").allTextContents();
/** What has no answer yet. */
export const waitingOn = (page: Page): Promise<string[]> => page.locator("#waiting .text").allTextContents();
/** Number and sign beside each joined room. */
export async function marksOn(page: Page): Promise<Record<string, string>> {
  const marks = await page.locator("#joined-rooms li").evaluateAll((items) =>
    items.map((item) => {
      const textOf = (part: string) => item.querySelector(part)?.textContent ?? "";
      return [
        textOf(".name"),
        textOf(".named:not([hidden]) > :first-child") + textOf(".count:not([hidden]) > :first-child"),
      ] as const;
    }),
  );
  return Object.fromEntries(marks);
}

/** The network is there, says the system: whoever waits for the next attempt need not wait any longer. */
export const hurry = (page: Page): Promise<unknown> => page.evaluate(() => dispatchEvent(new Event("online")));

export const until = (read: () => unknown, expected: unknown) =>
  expect.poll(read, { timeout: 15_000, interval: 20 }).toEqual(expected);
export const expectStatus = (page: Page, text: string) => until(() => page.locator("#status-text").textContent(), text);
export const expectRoom = (page: Page, name: string) => until(() => page.locator("#room-name").textContent(), name);
export const expectTexts = (page: Page, texts: readonly string[]) => until(() => textsOn(page), texts);

export const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `number ${from + index}`);
