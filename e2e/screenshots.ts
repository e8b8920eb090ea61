// Takes pictures of the chat's page in all its states: `npm run screenshots`. WIDTHS=390 takes those of one width.
import { rm } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startBrowser } from "./browser.ts";
import { buildPage } from "./chat-page.ts";
import { startChat, visit, type RunningChat, type Visitor } from "./chat.ts";
import { Album } from "./screenshots-album.ts";
import { dictatedModel } from "./dictated-model.ts";
import { dialogue, longAnswer, people, rooms, stoppedAnswer } from "./screenshots-script.ts";

const HOUR = 60 * 60_000;
/** The time in the pictures. With it, every run takes the same pictures. */
const NOW = Date.UTC(2026, 2, 12, 10, 42);
const dictated = dictatedModel();
const album = new Album(["busy-light-1280", "busy-dark-390"]);

/** The streams of the people in the pictures. Kept here, or the garbage collector would end them. */
const openStreams: Response[] = [];

/** By how many milliseconds the clock of the server is behind, so that some messages are of yesterday. */
let ago = 0;
globalThis.Date = new Proxy(Date, {
  construct: (date, values: [] | [number]) => (values.length === 0 ? new date(NOW - ago) : new date(...values)),
});

/** One look of the page: a theme and a width. */
interface Look {
  readonly theme: "light" | "dark";
  readonly width: number;
  readonly isSmall: boolean;
  /** Takes a picture of this look. */
  readonly take: (state: string) => Promise<void>;
  readonly page: Page;
  readonly context: BrowserContext;
}

type People = Map<string, Visitor>;

const byName = (visitors: People, name: string): Visitor => {
  const visitor = visitors.get(name);
  if (visitor === undefined) throw new Error(`Expected ${name} to be one of the people of the pictures.`);
  return visitor;
};

/** Fills the chat: 200 messages in the lobby, some in other rooms, topics, reactions, and people. */
async function fill(url: string): Promise<People> {
  const visitors: People = new Map();
  for (const name of people) visitors.set(name, await visit(url, name));
  const [ada, grace] = [byName(visitors, "Ada"), byName(visitors, "Grace")];
  for (const { name, topic } of rooms) {
    const created = await ada.request("POST", "/api/rooms", { name });
    // The API answers with the room.
    const { room } = (await created.json()) as { room: { id: string } };
    await ada.request("PUT", `/api/rooms/${room.id}/topic`, { text: topic });
    await grace.request("POST", `/api/rooms/${room.id}/messages`, { text: "Shall we move this here?" });
  }
  await ada.request("DELETE", "/api/rooms/garden/membership");
  const topic = "Release 2.0 ships on Thursday: https://example.com/plan";
  await ada.request("PUT", "/api/rooms/lobby/topic", { text: topic });
  const lines = Array.from({ length: Math.ceil(200 / dialogue.length) }, () => dialogue)
    .flat()
    .slice(-200);
  for (const [index, { author, text, edited, reactions = [] }] of lines.entries()) {
    ago = index < 191 ? 26 * HOUR - index * 60_000 : (200 - index) * 40_000;
    const answer = await byName(visitors, author).request("POST", "/api/rooms/lobby/messages", { text });
    // The API answers with the message.
    const { message } = (await answer.json()) as { message: { id: string } };
    const path = `/api/rooms/lobby/messages/${message.id}`;
    if (edited !== undefined) await byName(visitors, author).request("PATCH", path, { text: edited });
    for (const [who, emoji] of reactions) {
      await byName(visitors, who).request("PUT", `${path}/reactions/${encodeURIComponent(emoji)}`);
    }
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

async function takeFirstVisit({ page, take }: Look, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Your name").fill("Ada");
  await take("sign-in");
  await enter(page, url, "Ada");
  await take("empty");
  await page.getByRole("button", { name: "Got it" }).click();
  await page.goto("about:blank");
}

async function takeBusyRoom({ page, take, isSmall }: Look, url: string, visitors: People): Promise<void> {
  const streams = [...visitors.values()].map((visitor) => visitor.request("GET", "/events?channel=presence"));
  openStreams.push(...(await Promise.all(streams)));
  await page.goto(url);
  const lastPerson = page.locator("#people li").nth(people.length - 1);
  await lastPerson.waitFor({ state: "attached" });
  await page.getByText("Nobody will notice").last().waitFor();
  await byName(visitors, "Grace").request("POST", "/api/rooms/lobby/typing");
  await page.getByText("Grace is typing").waitFor();
  await take("busy");
  if (isSmall) {
    await page.getByRole("button", { name: "Rooms and people" }).click();
    await take("drawer");
    await page.keyboard.press("Escape");
  }
}

async function takeMenus({ page, take, isSmall }: Look): Promise<void> {
  await page.getByRole("button", { name: "Emoji", exact: true }).click();
  await take("emoji");
  await page.keyboard.press("Escape");
  await page.getByLabel("Message to").fill("@");
  await take("names");
  await page.getByLabel("Message to").fill("");
  const own = page.locator("#messages .message.mine").last();
  await own.locator(".more").press("Enter");
  await take("message-menu");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await take("delete");
  await page.getByRole("button", { name: "Cancel" }).last().click();
  await page.getByLabel("Message to").press("ArrowUp");
  await take("edit");
  await page.keyboard.press("Escape");
  if (isSmall) await page.getByRole("button", { name: "Rooms and people" }).click();
  await page.getByRole("button", { name: "Settings" }).click();
  await take("settings");
  await page.getByRole("button", { name: "Done" }).click();
}

/** The assistant says what the pictures tell it to say. */
async function takeAnswers({ page, take }: Look, visitors: People): Promise<void> {
  // The drawer of a small screen is open.
  await page.keyboard.press("Escape");
  const ask = (name: string, question: string) => byName(visitors, name).say(question);
  const text = page.locator("#messages .by-assistant .text").last();
  await ask("Linus", "@tea what is left if nobody waits for you?");
  dictated.say(...stoppedAnswer);
  await text.getByText("cold").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".mark-of-answer", { hasText: "Stopped by Ada" }).waitFor();
  await ask("Zoë", "@tea, what do you know?");
  dictated.say(...longAnswer);
  await text.getByText("And so on").waitFor();
  await take("answer");
  dictated.finish();
  await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
  await take("answered");
}

async function takeMentions({ page, take, isSmall }: Look, url: string, visitors: People): Promise<void> {
  await page.goto(`${url}/#release-2-0`);
  await page.locator("#room-name", { hasText: "Release" }).waitFor();
  await byName(visitors, "Linus").say("Thanks! @Ada could you have a look at the changelog before we ship?");
  await page.locator(".toast").waitFor();
  const text = "@Ada, the tomatoes are ripe.";
  await byName(visitors, "Grace").request("POST", "/api/rooms/garden/messages", { text });
  await page.locator(".toast").nth(1).waitFor();
  await take("mention");
  if (isSmall) {
    await page.getByRole("button", { name: "Rooms and people" }).click();
    await take("mention-drawer");
    await page.keyboard.press("Escape");
  }
  await page.keyboard.press("Escape");
}

/** The server goes away, then the network; then the server comes back without its memory. */
async function takeOutage({ page, take, context }: Look, chat: RunningChat, built: string): Promise<void> {
  const { port } = chat.server;
  await page.goto(`${chat.url}/#lobby`);
  await page.getByText("Nobody will notice").last().waitFor();
  await page.locator(".toast").first().waitFor({ state: "detached" });
  await chat.server.close();
  await page.locator("#try-now:visible").waitFor();
  await take("reconnecting");
  await context.setOffline(true);
  await page.getByText("You are offline").waitFor();
  for (const text of ["I'll be in the tunnel for a minute.", "This will arrive as soon as I am back."]) {
    await page.getByLabel("Message to").fill(text);
    await page.keyboard.press("Enter");
  }
  await take("offline");

  const again = await startChat({ page: built, port });
  const grace = await visit(again.url, "Grace");
  for (const text of ["The server is back.", "It lost its memory, and says so."]) await grace.say(text);
  await context.setOffline(false);
  await page.getByText("Reloaded from the server.").waitFor();
  await page.getByText("as soon as I am back").waitFor();
  await page.locator("#waiting:empty").waitFor({ state: "attached" });
  await page.locator(".status[data-tone=good]").waitFor();
  await page.locator("#people-count:not(:empty)").waitFor({ state: "attached" });
  await take("gap");
  await context.close();
  await again.server.close();
}

async function takeAll(browser: Browser, built: string, theme: "light" | "dark", width: number): Promise<void> {
  const chat = await startChat({ page: built, model: dictated.model });
  const isSmall = width < 600;
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height: isSmall ? 840 : 800 },
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
  });
  await context.clock.setFixedTime(NOW);
  // The pause between two attempts has chance in it.
  await context.addInitScript(() => {
    Math.random = () => 0.5;
  });
  const page = await context.newPage();
  const take = (state: string) => album.take(page, `${state}-${theme}-${width}`);
  const look: Look = { theme, width, isSmall, take, page, context };
  await takeFirstVisit(look, chat.url);
  const visitors = await fill(chat.url);
  await takeBusyRoom(look, chat.url, visitors);
  await takeMenus(look);
  await takeAnswers(look, visitors);
  await takeMentions(look, chat.url, visitors);
  await takeOutage(look, chat, built);
}

console.log("Building the page, then taking pictures of it in Chromium …");
const built = await buildPage();
const browser = await startBrowser();
try {
  for (const width of (process.env["WIDTHS"] ?? "1280,800,390").split(",").map(Number)) {
    for (const theme of ["light", "dark"] as const) await takeAll(browser, built, theme, width);
  }
  album.summarize();
} finally {
  await browser.close();
  await rm(built, { recursive: true });
}
