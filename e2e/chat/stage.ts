import { join } from "node:path";
import type { ServeOptions } from "@tidings-apps/chat-server";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { expect, inject } from "vitest";
import { startChat, type RunningChat } from "../chat.ts";
import { createProxy, type TcpProxy } from "../tcp-proxy.ts";

let browser: Browser | undefined;
const closing: (() => unknown)[] = [];

/** Connects to the browser that all files share. */
export async function begin(): Promise<void> {
  browser ??= await chromium.connect(inject("browser"));
}

/** Closes everything that the test has opened, the last one first. */
export async function end(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

/** Lets `end` close something. */
const endWithTest = (close: () => unknown): void => void closing.push(close);

type OpenChatOptions = Partial<Pick<ServeOptions, "port" | "log" | "model">>;

/** Starts a chat that serves the built page. */
export async function openChat(options: OpenChatOptions = {}): Promise<RunningChat> {
  const running = await startChat({ page: inject("page"), ...options });
  endWithTest(() => running.server.close());
  return running;
}

/** Starts a proxy to the chat. */
export async function proxyTo(port: number): Promise<TcpProxy & { readonly url: string }> {
  const proxy = await createProxy(port);
  endWithTest(() => proxy.close());
  return Object.assign(proxy, { url: `http://127.0.0.1:${proxy.port}` });
}

/** Opens a window with a profile of its own. */
export async function openWindow(options: BrowserContextOptions = {}): Promise<Page> {
  if (browser === undefined) throw new Error("Expected begin() to have been called; hooks.ts does.");
  const context = await browser.newContext({ reducedMotion: "reduce", locale: "en-GB", ...options });
  endWithTest(() => context.close());
  return context.newPage();
}

/** Serves the built page to this window instead of the server's page. API and stream are still the server's. */
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

/** Writes a message and sends it. It may wait in the outbox. */
export async function say(page: Page, text: string): Promise<void> {
  await composerOf(page).fill(text);
  await composerOf(page).press("Enter");
}

/** Creates a room by the dialog, and waits until it is open. */
export async function createRoom(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Create a room" }).click();
  await page.getByLabel("What is it called?").fill(name);
  await page.keyboard.press("Enter");
  await expectRoom(page, name);
}

export const roomLink = (page: Page, name: string) => page.locator(".rooms a", { hasText: name });

export const textsOn = (page: Page): Promise<string[]> => page.locator("#messages .text").allTextContents();
/** The messages that wait in the outbox. */
export const waitingOn = (page: Page): Promise<string[]> => page.locator("#waiting .text").allTextContents();
/** By joined room, the @ mark and the number beside it. */
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

/** Signals that the network is back, so that clients reconnect at once instead of after their backoff. */
export const reconnectNow = (page: Page): Promise<unknown> => page.evaluate(() => dispatchEvent(new Event("online")));

export const until = (read: () => unknown, expected: unknown) =>
  expect.poll(read, { timeout: 15_000, interval: 20 }).toEqual(expected);
export const expectStatus = (page: Page, text: string) => until(() => page.locator("#status-text").textContent(), text);
export const expectRoom = (page: Page, name: string) => until(() => page.locator("#room-name").textContent(), name);
export const expectTexts = (page: Page, texts: readonly string[]) => until(() => textsOn(page), texts);

export const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `number ${from + index}`);
