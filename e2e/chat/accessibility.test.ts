import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { visit } from "../chat.ts";
import { dictatedModel } from "../dictated-model.ts";
import {
  composerOf,
  createRoom,
  enterAs,
  expectStatus,
  expectTexts,
  reconnectNow,
  openChat,
  openWindow,
  say,
  until,
} from "./stage.ts";

/** The serious violations that axe finds, as rule and element. */
async function violationsOn(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    // The script above defines it.
    const { axe: tool } = globalThis as unknown as { axe: typeof axe };
    const { violations } = await tool.run(document, { resultTypes: ["violations"] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
  });
}

/** The id of a message on the page. */
const idOf = (page: Page, text: string) =>
  page.locator("#messages .message", { hasText: text }).getAttribute("data-id");

test("axe finds nothing serious in any state of the page, light and dark", { timeout: 60_000 }, async () => {
  const { model, say: dictate } = dictatedModel();
  const first = await openChat({ model });
  const page = await openWindow();
  const violations: Record<string, string[]> = {};
  const look = async (state: string) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      violations[`${state}, ${colorScheme}`] = await violationsOn(page);
    }
  };

  await page.goto(first.url);
  await page.getByLabel("Your name").press("Enter");
  await page.locator("#sign-in-problem:not(:empty)").waitFor();
  await look("sign-in");
  const ada = await enterAs("ada", first.url, page);
  await ada.locator("#empty").waitFor();
  await look("empty");

  const bo = await visit(first.url, "bo");
  for (const text of ["hi @ada", "see https://example.com/ @bo", "again"]) await bo.say(text);
  await say(ada, "mine");
  await expectTexts(ada, ["hi @ada", "see https://example.com/ @bo", "again", "mine"]);
  await ada.getByRole("button", { name: "Emoji", exact: true }).click();
  await look("busy");
  await ada.keyboard.press("Escape");
  const reaction = encodeURIComponent("👍");
  for (const [method, path, body] of [
    ["PUT", `/reactions/${reaction}`, undefined],
    ["PATCH", "", { text: "**again** `and` again\n- once\n- twice" }],
  ] as const) {
    await bo.request(method, `/api/rooms/lobby/messages/${await idOf(ada, "again")}${path}`, body);
  }
  await bo.request("DELETE", `/api/rooms/lobby/messages/${await idOf(ada, "see https")}`);
  await ada.locator(".was-edited li").first().waitFor();
  await ada.locator(".was-deleted").waitFor();
  await ada.locator(".message.mine .more").press("Enter");
  await look("message menu");
  await ada.getByRole("button", { name: "Delete", exact: true }).click();
  await look("question");
  await ada.keyboard.press("Escape");
  await composerOf(ada).press("ArrowUp");
  await look("edit");
  await ada.keyboard.press("Escape");
  await ada.getByRole("button", { name: "Settings" }).click();
  await look("settings");
  await ada.keyboard.press("Escape");

  await say(ada, "@tea?");
  dictate("Yes: ", "tea. ");
  await ada.getByRole("button", { name: "Stop" }).waitFor();
  await look("answer");
  await ada.getByRole("button", { name: "Stop" }).click();
  await ada.locator(".mark-of-answer", { hasText: "Stopped by ada" }).waitFor();
  await look("stopped answer");

  await createRoom(ada, "Garden");
  await bo.say("@ada, tea?");
  await ada.locator(".toast").waitFor();
  await look("mention");

  await ada.route("**/messages", (route) => route.fulfill({ status: 400 }));
  await say(ada, "refused");
  await ada.locator(".failed").waitFor();
  await first.server.close();
  await until(async () => (await ada.locator("#status-text").textContent()) !== "Live", true);
  await ada.unrouteAll();
  await say(ada, "waits");
  await look("offline");

  await openChat({ port: first.server.port });
  await reconnectNow(ada);
  await expectStatus(ada, "Live");
  await ada.goto(`${first.url}/#lobby`);
  await ada.locator("#notice", { hasText: "Reloaded from the server." }).waitFor();
  await look("gap");

  expect(violations).toEqual(Object.fromEntries(Object.keys(violations).map((state) => [state, []])));
  expect(Object.keys(violations).length).toBe(2 * 12);
});

test("Tab reaches every control, and the focus is visible", async () => {
  const { url } = await openChat();
  await visit(url, "bo").then((bo) => bo.request("POST", "/api/rooms", { name: "Ops" }));
  const ada = await enterAs("ada", url);
  await say(ada, "see https://example.com/");
  await ada.locator("#messages a").waitFor();
  await ada.locator("#other-rooms li").waitFor();
  const wanted = await ada
    .locator("#chat :is(a, button, textarea, input, summary, [tabindex='0']):visible")
    .evaluateAll((elements) => elements.map((element) => element.outerHTML.slice(0, 80)).sort());
  const reached = new Set<string>();
  const unseen = new Set<string>();
  // Once around the page, from wherever the focus is.
  for (let step = 0; step < wanted.length + 4; step++) {
    await ada.keyboard.press("Tab");
    const [html, isSeen] = await ada.evaluate(() => {
      const active = document.activeElement ?? document.body;
      const framed = active.matches("textarea") ? active.closest(".field") : active;
      const { outlineStyle, outlineWidth } = getComputedStyle(framed ?? active);
      return [active.outerHTML.slice(0, 80), outlineStyle !== "none" && outlineWidth !== "0px"] as const;
    });
    reached.add(html);
    if (!isSeen && !html.startsWith("<body")) unseen.add(html);
  }
  expect([...reached].filter((html) => !html.startsWith("<body")).sort()).toEqual(wanted);
  expect([...unseen]).toEqual([]);
});

test("on a small screen the sidebar is a drawer: not reachable while closed, and Escape closes it", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow({ viewport: { width: 390, height: 800 } }));
  await say(ada, "w".repeat(300));
  await ada.locator("#messages .text").waitFor();
  expect(await ada.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(await ada.locator("#sidebar").evaluate((sidebar) => (sidebar as HTMLElement).inert)).toBe(true);
  await ada.getByRole("button", { name: "Rooms and people" }).click();
  await until(() => ada.evaluate(() => document.activeElement?.closest("#sidebar") !== null), true);
  await ada.keyboard.press("Escape");
  await until(() => ada.locator("#sidebar").evaluate((sidebar) => (sidebar as HTMLElement).inert), true);
  expect(await ada.evaluate(() => document.activeElement?.id)).toBe("menu");
  expect(await composerOf(ada).isVisible()).toBe(true);
});

test("a chosen theme survives a reload", async () => {
  const { url } = await openChat();
  const ada = await enterAs("ada", url, await openWindow({ colorScheme: "light" }));
  const background = () => ada.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await ada.getByRole("button", { name: "Settings" }).click();
  await ada.getByLabel("Colours").selectOption("dark");
  expect(await background()).not.toBe(light);
  const dark = await background();
  await ada.reload();
  await expectStatus(ada, "Live");
  expect(await background()).toBe(dark);
});
