import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import {
  composerOf,
  createRoom,
  enterAs,
  expectRoom,
  expectStatus,
  expectTexts,
  numbered,
  openChat,
  openWindow,
  proxyTo,
  reconnectNow,
  roomLink,
  say,
  until,
} from "./stage.ts";

const SMALL = { viewport: { width: 390, height: 800 } };
const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);
const topOf = async (page: Page, selector: string) => Math.round((await page.locator(selector).boundingBox())?.y ?? -1);

test.for([320, 390, 800])(
  "at %i pixels a lost connection moves nothing on the page, and its sentence fits",
  async (width) => {
    const { server } = await openChat();
    const proxy = await proxyTo(server.port);
    const ada = await enterAs("ada", proxy.url, await openWindow({ viewport: { width, height: 800 } }));
    await say(ada, "hi");
    await expectTexts(ada, ["hi"]);
    const places = () =>
      Promise.all(["#scroller", "#messages", "#composer", "#room-name"].map((selector) => topOf(ada, selector)));
    const before = await places();
    proxy.refuse();
    proxy.cut();
    await expectStatus(ada, "Connection lost");
    expect(await places()).toEqual(before);
    expect(await ada.getByRole("button", { name: "Try now" }).isVisible()).toBe(true);
    expect(await widthOf(ada)).toBe(width);
    const isCut = await ada
      .locator("#status-text")
      .evaluate(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
    expect(isCut).toBe(false);
    // The longest wait that a server is granted: a day.
    const parts = await ada.locator("#status").evaluate((status) => {
      const countdown = status.querySelector(".countdown");
      if (countdown !== null) countdown.textContent = "reconnecting in 86400 s";
      const pill = status.getBoundingClientRect();
      const isInside = ({ left, right }: DOMRect) => left >= pill.left && right <= pill.right;
      const inside = [...status.children].map((part) => isInside(part.getBoundingClientRect()));
      return { inside, isOnScreen: pill.left >= 0 && pill.right <= innerWidth };
    });
    expect(parts).toEqual({ inside: [true, true, true, true], isOnScreen: true });
    expect(await widthOf(ada)).toBe(width);
  },
);

test("on a small screen a toast does not cover the drawer", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow(SMALL));
  await ada.evaluate(() => (location.hash = "#lobby"));
  await say(ada, "hi");
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  await bo.request("POST", "/api/rooms/garden/messages", { text: "@ada, tea?" });
  await ada.locator(".toast").waitFor();
  await ada.getByRole("button", { name: "Rooms and people" }).click();
  // Each point of the drawer belongs to the drawer.
  const covered = await ada.locator("#sidebar").evaluate((sidebar) => {
    const { left, right, top, bottom } = sidebar.getBoundingClientRect();
    const points: string[] = [];
    for (let x = Math.max(left, 0) + 4; x < right - 4; x += 20) {
      for (let y = top + 4; y < bottom - 4; y += 20) {
        const found = document.elementFromPoint(x, y);
        if (found?.closest("#sidebar") === null) points.push(`${x},${y}: ${found.className}`);
      }
    }
    return points;
  });
  expect(covered).toEqual([]);
});

test("at 800 pixels the sidebar is beside the messages, and nothing is wider than the window", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 800, height: 700 } }));
  await createRoom(ada, "Incidents and everything that follows from them");
  await say(ada, "w".repeat(300));
  expect(await ada.getByRole("navigation", { name: "Your rooms" }).isVisible()).toBe(true);
  expect(await ada.locator("#menu").isVisible()).toBe(false);
  const [sidebar, room] = await Promise.all(["#sidebar", "#room"].map((each) => ada.locator(each).boundingBox()));
  expect((sidebar?.x ?? 0) + (sidebar?.width ?? 0)).toBeLessThanOrEqual(room?.x ?? 0);
  expect(await widthOf(ada)).toBe(800);
});

test("the button at the end counts new messages, also in a room that one has not joined", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  const post = (text: string) => bo.request("POST", "/api/rooms/garden/messages", { text });
  for (const text of numbered(1, 40)) await post(text);
  const ada = await enterAs("ada", url);
  await roomLink(ada, "Garden").click();
  await expectTexts(ada, numbered(1, 40));
  await ada.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = 0));
  await until(() => ada.locator("#newer").innerText(), "Newest");
  for (const text of numbered(41, 43)) await post(text);
  await until(() => ada.locator("#newer").innerText(), "3 new");
  await ada.locator("#newer").click();
  await until(() => ada.locator("#newer").isVisible(), false);
});

test("a link in a topic can be followed, and the topic is edited by a button beside it", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await ada.getByRole("button", { name: "Add a topic" }).click();
  await ada.getByLabel("Topic", { exact: true }).fill("Plan: https://example.com/plan.");
  await ada.keyboard.press("Enter");
  await until(() => ada.locator("#topic a").getAttribute("href"), "https://example.com/plan");
  expect(await ada.locator("#topic span").textContent()).toBe("Plan: https://example.com/plan.");
  await ada.getByRole("button", { name: "Change the topic" }).click();
  expect(await ada.getByLabel("Topic", { exact: true }).inputValue()).toBe("Plan: https://example.com/plan.");
});

test("Markdown in a message is shown: bold, code and lists", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  await say(ada, "to **do** with `npm`:\n- one\n- two");
  await ada.locator("#messages li li").first().waitFor();
  const html = await ada.locator("#messages .text").innerHTML();
  expect(html).toBe("to <strong>do</strong> with <code>npm</code>:<ul><li>one</li><li>two</li></ul>");
});

test("the button of a message of one line is whole, and so is the ring around it", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  for (const text of ["one", "two", "three"]) await say(ada, text);
  await expectTexts(ada, ["one", "two", "three"]);
  const more = ada.locator(".goes-on .more").first();
  const { x, y, width, height } = (await more.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const ring = () => ada.screenshot({ clip: { x, y: y + height + 2, width, height: 3 } });
  const before = await ring();
  await more.focus();
  expect(before.equals(await ring())).toBe(false);
  await ada.mouse.move(x + width / 2, y + 5);
  const hits = await more.evaluate((button) => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    const isHit = (place: number) => button.contains(document.elementFromPoint((left + right) / 2, place));
    return [isHit(top + 1), isHit(bottom - 1)];
  });
  expect(hits).toEqual([true, true]);
});

test("leaving a room is a quiet button", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url);
  const styles = await ada.getByRole("button", { name: "Leave" }).evaluate((button) => {
    const { borderStyle, backgroundColor, fontWeight } = getComputedStyle(button);
    return { borderStyle, backgroundColor, fontWeight };
  });
  expect(styles).toEqual({ borderStyle: "none", backgroundColor: "rgba(0, 0, 0, 0)", fontWeight: "400" });
  expect(await composerOf(ada).isVisible()).toBe(true);
});

const MARK = "\u0301";
test.for([
  ["a text", "cy", `z${MARK.repeat(80)}algo`],
  // The most marks in a row that a name may have.
  ["a name", `Z${MARK.repeat(4)}`, "hi"],
] as const)("%s with marks piled up covers no other message", async ([, name, text]) => {
  /** A picture of a message, above one of this author with this text. */
  async function picture(author: string, said: string): Promise<Buffer> {
    const { url } = await openChat();
    const [bo, other] = await Promise.all([visit(url, "bo"), visit(url, author)]);
    await bo.say("above\n".repeat(8));
    await other.say(said);
    const ada = await enterAs("ada", url);
    await ada.locator("#messages .message").nth(1).waitFor();
    return ada.locator("#messages .text").first().screenshot();
  }
  const plain = await picture(name.replaceAll(MARK, ""), text.replaceAll(MARK, ""));
  expect(plain.equals(await picture(name, text))).toBe(true);
});

test("a link and a name stay in one piece, also in a text from right to left", async () => {
  const { url } = await openChat();
  await visit(url, "\u05e9\u05e8\u05d4");
  const ada = await enterAs("ada", url);
  const hello = "\u05e9\u05dc\u05d5\u05dd";
  await say(ada, `${hello}, see https://example.com/${hello} and @\u05e9\u05e8\u05d4`);
  await ada.locator("#messages .mention").waitFor();
  const gaps = await ada.locator("#messages .text :is(a, .mention)").evaluateAll((found) =>
    found.map((each) => {
      const widths = [...each.getClientRects()].map(({ width }) => width);
      // The box around all pieces is wider than they are if there is something else between them.
      return Math.round(each.getBoundingClientRect().width - widths.reduce((sum, width) => sum + width, 0));
    }),
  );
  expect(gaps).toEqual([0, 0]);
});

test("the name of a room stands beside its sign, in any script", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const name of ["Garden", "\u05d7\u05d3\u05e8"]) await bo.request("POST", "/api/rooms", { name });
  const ada = await enterAs("ada", url);
  await until(() => ada.locator("#other-rooms .name").count(), 2);
  const lefts = await ada.locator("#other-rooms .name").evaluateAll((names) =>
    names.map((name) => {
      const range = document.createRange();
      range.selectNodeContents(name);
      return Math.round(range.getBoundingClientRect().left);
    }),
  );
  expect(new Set(lefts).size).toBe(1);
});

test("in a low window, as with the keyboard of a phone, toasts leave the composer free", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 390, height: 480 } }));
  const bo = await visit(url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  for (const text of numbered(1, 3)) {
    await bo.request("POST", "/api/rooms/garden/messages", { text: `@ada ${text} ${"and so on ".repeat(9)}` });
  }
  await until(() => ada.locator(".toast").count(), 3);
  const isFree = (selector: string) =>
    ada.locator(selector).evaluate((control) => {
      const { left, top, width, height } = control.getBoundingClientRect();
      return control.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
  expect([await isFree("#text"), await isFree(".send")]).toEqual([true, true]);
  // All toasts can be reached.
  await ada.locator(".toast .close").last().click();
  await until(() => ada.locator(".toast").count(), 2);
});

test.for([320, 800])(
  "at %i pixels a long name and a long word do not push the buttons out of the window",
  async (width) => {
    const { url } = await openChat();
    const bo = await visit(url, "bo");
    const long = "x".repeat(60);
    await bo.request("POST", "/api/rooms", { name: long });
    await bo.request("PUT", `/api/rooms/${long}/topic`, { text: "t".repeat(200) });
    const ada = await enterAs("ada", `${url}/#${long}`, await openWindow({ viewport: { width, height: 700 } }));
    await expectRoom(ada, long);
    const ends = () =>
      ada
        .locator(".send, #emoji, #membership, #edit-topic, .tip button")
        .evaluateAll((found) => found.map((each) => each.getBoundingClientRect().right <= innerWidth));
    await until(() => ada.locator("#edit-topic").isVisible(), true);
    expect(await ends()).toEqual([true, true, true, true, true]);
    await composerOf(ada).fill("w".repeat(300));
    expect(await ends()).toEqual([true, true, true, true, true]);
    expect(await widthOf(ada)).toBe(width);
  },
);

test("however many rooms there are, one sees who is here", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  for (const name of numbered(1, 40)) await bo.request("POST", "/api/rooms", { name });
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 1280, height: 800 } }));
  await until(() => ada.locator("#other-rooms li").count(), 40);
  const [people, lists] = await Promise.all(["#people", ".lists"].map((each) => ada.locator(each).boundingBox()));
  expect((people?.y ?? 0) + 32).toBeLessThan((lists?.y ?? 0) + (lists?.height ?? 0));
});

test.for([390, 1_280])("at %i pixels a toast does not cover what the page says about lost messages", async (width) => {
  const first = await openChat();
  const ada = await enterAs("ada", first.url, await openWindow({ viewport: { width, height: 800 } }));
  await say(ada, "before");
  await expectTexts(ada, ["before"]);
  await first.server.close();
  const again = await openChat({ port: first.server.port });
  await reconnectNow(ada);
  await ada.locator("#notice", { hasText: "Reloaded from the server." }).waitFor();
  const bo = await visit(again.url, "bo");
  await bo.request("POST", "/api/rooms", { name: "Garden" });
  await bo.request("POST", "/api/rooms/garden/messages", { text: "@ada, tea?" });
  await ada.locator(".toast").waitFor();
  const [notice, toast] = await Promise.all(["#notice", ".toast"].map((each) => ada.locator(each).boundingBox()));
  expect((notice?.y ?? 0) + (notice?.height ?? 0)).toBeLessThanOrEqual(toast?.y ?? 0);
  await ada.locator("#notice-close").click();
  await until(() => ada.locator("#notice").isVisible(), false);
});

test("a topic from right to left is shown from its beginning", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  const first = "\u05e9\u05dc\u05d5\u05dd";
  await bo.request("PUT", "/api/rooms/lobby/topic", { text: `${first} ${"t".repeat(190)}` });
  const ada = await enterAs("ada", url, await openWindow(SMALL));
  await until(() => ada.locator("#topic").isVisible(), true);
  const isInside = await ada.locator("#topic").evaluate((topic, length) => {
    const range = document.createRange();
    range.setStart(topic.querySelector("span")?.firstChild ?? topic, 0);
    range.setEnd(topic.querySelector("span")?.firstChild ?? topic, length);
    const [word, box] = [range.getBoundingClientRect(), topic.getBoundingClientRect()];
    return word.left >= box.left - 1 && word.right <= box.right + 1;
  }, first.length);
  expect(isInside).toBe(true);
});

test("at 400 % zoom one reaches every emoji", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 320, height: 256 } }));
  await ada.getByRole("button", { name: "Emoji", exact: true }).click();
  const grid = await ada.locator("#emoji-grid").boundingBox();
  expect(grid?.y).toBeGreaterThanOrEqual(0);
  await ada.keyboard.press("End");
  await until(() => ada.locator(":focus").getAttribute("aria-label"), "present");
  const [last, composer] = await Promise.all([":focus", "#text"].map((each) => ada.locator(each).boundingBox()));
  expect((last?.y ?? 0) + (last?.height ?? 0)).toBeLessThanOrEqual(composer?.y ?? 0);
});

test("with the colours of the system, one sees which name is chosen and which reaction is one's own", async () => {
  const { url } = await openChat();
  const bo = await visit(url, "bo");
  await bo.say("hi");
  const ada = await enterAs("ada", url, await openWindow({ forcedColors: "active" }));
  await ada.locator("#messages .more").press("Enter");
  await ada.keyboard.press("Enter");
  await composerOf(ada).fill("@");
  for (const chosen of [".names [aria-selected=true]", ".reaction[aria-pressed=true]"]) {
    await ada.locator(chosen).waitFor();
    expect(await ada.locator(chosen).evaluate((each) => getComputedStyle(each).outlineStyle)).toBe("solid");
  }
});
