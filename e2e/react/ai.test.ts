import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { defaultClientConditions, type InlineConfig } from "vite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ai } from "../../examples/ai/contract.ts";
import { slowModel } from "../../examples/ai/model.ts";
import { serveChats } from "../../examples/ai/server.ts";
import { openWindow, until } from "../chat/stage.ts";

// Vite bundles React and the AI SDK first, which takes a while on a machine that has other things to do.
vi.setConfig({ testTimeout: 60_000 });

const WORDS = Array.from({ length: 100 }, (_, index) => `${index}`).join(" ");

let stage: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  stage = await serve();
}, 60_000);
afterAll(() => stage.close());

/** The example, as it is, for all tests. Only its packages are read from their sources. */
async function serve() {
  const folder = await mkdtemp(join(tmpdir(), "tidings-ai-"));
  const conditions = ["@tidings/source", ...defaultClientConditions];
  const vite: InlineConfig = { logLevel: "warn", resolve: { conditions, dedupe: ["react"] } };
  const { hub, chats, page, server } = await serveChats(0, join(folder, "chats.db"), slowModel(WORDS, 20), vite);
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  async function close() {
    await hub.close();
    chats.close();
    await page.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
  return { hub, port, close };
}

/** Opens a chat in a window of its own. */
async function open(chatId: string): Promise<Page> {
  const window = await openWindow();
  await window.goto(`http://127.0.0.1:${stage.port}/#${chatId}`);
  await window.getByPlaceholder("Your question").waitFor();
  return window;
}

async function ask(page: Page): Promise<void> {
  await page.getByPlaceholder("Your question").fill("What comes after what?");
  await page.keyboard.press("Enter");
}

const messagesOn = (page: Page) => page.getByLabel("Messages").locator("li").allTextContents();
const answerOn = async (page: Page) => (await messagesOn(page))[1] ?? "";
/** Waits until a page shows some words, and returns them. */
async function someWordsOn(page: Page): Promise<string> {
  await expect.poll(() => answerOn(page), { timeout: 15_000, interval: 20 }).toMatch(/^0 1 2 /);
  return answerOn(page);
}
const isReady = (page: Page) => page.getByRole("button", { name: "Ask" }).isVisible();

test("an answer survives a reload, and another device reads it, too", async () => {
  const [ada, phone] = [await open("reload"), await open("reload")];
  await ask(ada);
  await someWordsOn(phone);
  const before = await someWordsOn(ada);
  await ada.reload();
  // The first text that the page shows has at least what it has shown before.
  await ada.getByLabel("Messages").locator("li").nth(1).waitFor();
  expect((await answerOn(ada)).startsWith(before)).toBe(true);
  await until(() => isReady(ada), true);
  await until(() => isReady(phone), true);
  for (const page of [ada, phone]) expect(await messagesOn(page)).toEqual(["What comes after what?", WORDS]);
});

test("anybody stops the answer, and what was said stays", async () => {
  const [ada, phone] = [await open("stop"), await open("stop")];
  await ask(ada);
  await someWordsOn(phone);
  await phone.getByRole("button", { name: "Stop" }).click();
  await until(() => isReady(ada), true);
  const said = await answerOn(ada);
  expect(WORDS.startsWith(said)).toBe(true);
  expect(said.length).toBeLessThan(WORDS.length);
  await until(() => answerOn(phone), said);
});

test("when the process that writes the answer has died, the page has the text so far, and says so", async () => {
  const ada = await open("dead");
  await ask(ada);
  await someWordsOn(ada);
  // What another process does about a dead one.
  await stage.hub.end(await activeRunOf("dead"), { outcome: "aborted", reason: null });
  await until(() => ada.getByRole("alert").textContent(), "The answer was interrupted. Ask again.");
  expect(await answerOn(ada)).toMatch(/^0 1 2 /);
});

async function activeRunOf(chatId: string) {
  for await (const item of stage.hub.events(ai.chat({ chatId }), { after: null })) {
    if (item.kind === "event") return ai.run({ chatId, runId: item.data.runId ?? "" });
  }
  throw new Error("Expected a run, got none.");
}
