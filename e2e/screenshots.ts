import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./browser.ts";
import { buildPage } from "./chat-page.ts";
import { startChat, visit, type Visitor } from "./chat.ts";
import { dialogue, people, rooms } from "./screenshots-script.ts";

/** The pictures that the README shows. The others are for people who work on the page. */
const KEPT = new Set(["busy-light-1280", "busy-dark-390"]);
const HOUR = 60 * 60_000;
const root = join(import.meta.dirname, "..");
const folders = { kept: join(root, "docs", "screenshots"), others: join(root, "docs", "screenshots", "all") };

/** By how many milliseconds the clock of the server is behind, so that some messages are of yesterday. */
let ago = 0;
globalThis.Date = new Proxy(Date, {
  construct: (date, values: [] | [number]) => (values.length === 0 ? new date(date.now() - ago) : new date(...values)),
});

/** Fills the chat: 200 messages in the lobby, some in other rooms, topics, and people. */
async function fill(url: string): Promise<Map<string, Visitor>> {
  const visitors = new Map<string, Visitor>();
  for (const name of people) visitors.set(name, await visit(url, name));
  const first = visitors.get("Ada")!;
  for (const { name, topic } of rooms) {
    const created = await first.request("POST", "/api/rooms", { name });
    const { room } = (await created.json()) as { room: { id: string } };
    await first.request("PUT", `/api/rooms/${room.id}/topic`, { text: topic });
    await visitors
      .get("Grace")!
      .request("POST", `/api/rooms/${room.id}/messages`, { text: "Shall we move this here?" });
  }
  await first.request("DELETE", "/api/rooms/garden/membership");
  await first.request("PUT", "/api/rooms/lobby/topic", {
    text: "Release 2.0 ships on Thursday: https://example.com/plan",
  });
  const lines = Array.from({ length: Math.ceil(200 / dialogue.length) }, () => dialogue)
    .flat()
    .slice(-200);
  for (const [index, [name, text]] of lines.entries()) {
    ago = index < 191 ? 26 * HOUR - index * 60_000 : (200 - index) * 40_000;
    await visitors.get(name)!.say(text);
  }
  ago = 0;
  return visitors;
}

/** Signs in by the form, and waits until the page shows the lobby. */
async function enter(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.keyboard.press("Enter");
  await page.locator(".status[data-tone=good]").waitFor();
  await page.locator("#messages li, #empty:not([hidden])").first().waitFor();
}

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.screenshot({
    path: join(KEPT.has(name) ? folders.kept : folders.others, `${name}.png`),
    animations: "disabled",
    caret: "hide",
  });
}

async function takeAll(browser: Browser, built: string, theme: "light" | "dark", width: number): Promise<void> {
  const look = `${theme}-${width}`;
  const chat = await startChat({ page: built });
  const { port } = chat.server;
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: width < 600 ? { width, height: 840 } : { width, height: 800 },
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  const page = await context.newPage();
  await page.goto(chat.url);
  await page.getByLabel("Your name").fill("Ada");
  await take(page, `sign-in-${look}`);
  await enter(page, chat.url, "Ada");
  await take(page, `empty-${look}`);

  await page.goto("about:blank");
  const visitors = await fill(chat.url);
  const streams = [...visitors.values()].map((visitor) => visitor.request("GET", "/events?channel=presence"));
  await Promise.all(streams);
  await page.goto(chat.url);
  await page
    .locator("#people li")
    .nth(people.length - 1)
    .waitFor({ state: "attached" });
  await page.getByText("Nobody will notice").last().waitFor();
  await visitors.get("Grace")!.request("POST", "/api/rooms/lobby/typing");
  await page.getByText("Grace is typing").waitFor();
  await take(page, `busy-${look}`);
  if (width < 600) {
    await page.getByRole("button", { name: "Rooms and people" }).click();
    await take(page, `drawer-${look}`);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await take(page, `emoji-${look}`);
  await page.keyboard.press("Escape");
  await page.getByLabel("Message to").fill("@");
  await take(page, `names-${look}`);
  await page.getByLabel("Message to").fill("");
  if (width < 600) await page.getByRole("button", { name: "Rooms and people" }).click();
  await page.getByRole("button", { name: "Settings" }).click();
  await take(page, `settings-${look}`);
  await page.getByRole("button", { name: "Done" }).click();

  await page.goto(`${chat.url}/#release-2-0`);
  await page.locator("#room-name", { hasText: "Release" }).waitFor();
  await visitors.get("Linus")!.say("Thanks! @Ada could you have a look at the changelog before we ship?");
  await page.locator(".toast").waitFor();
  await take(page, `mention-${look}`);

  await page.goto(`${chat.url}/#lobby`);
  await chat.server.close();
  await page.locator(".status:not([data-tone=good])").waitFor();
  await context.setOffline(true);
  await page.getByText("You are offline").waitFor();
  for (const text of ["I'll be in the tunnel for a minute.", "This will arrive as soon as I am back."]) {
    await page.getByLabel("Message to").fill(text);
    await page.keyboard.press("Enter");
  }
  await take(page, `offline-${look}`);

  const again = await startChat({ page: built, port });
  const grace = await visit(again.url, "Grace");
  for (const text of ["The server is back.", "It lost its memory, and says so."]) await grace.say(text);
  await context.setOffline(false);
  await page.getByText("Reloaded from the server.").waitFor();
  await page.getByText("as soon as I am back").waitFor();
  await page.locator("#waiting:empty").waitFor({ state: "attached" });
  await page.locator(".status[data-tone=good]").waitFor();
  await take(page, `gap-${look}`);
  await context.close();
  await again.server.close();
}

for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
const built = await buildPage();
const browser = await startBrowser();
try {
  for (const width of (process.env["WIDTHS"] ?? "1280,390").split(",").map(Number)) {
    for (const theme of ["light", "dark"] as const) {
      await takeAll(browser, built, theme, width);
    }
  }
} finally {
  await browser.close();
  await rm(built, { recursive: true });
}
