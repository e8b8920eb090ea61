import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { toNodeHandler } from "@tidings/server/node";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openWindow, until } from "../chat/stage.ts";
import { listen } from "../listen.ts";
import { createChat } from "./page/server.tsx";
import { buildPages, type Scripts } from "./build-pages.ts";

const ROOMS = ["lobby", "garden", "kitchen"] as const;

/** The server of the guide, with the scripts for one version of React. */
async function serve(scripts: Scripts) {
  const { hub, renderPage, say } = createChat();
  const answerEvents = toNodeHandler(hub);
  let streams = 0;
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "/", headers } = request;
    if (url.startsWith("/events")) {
      streams += headers.accept === "text/event-stream" ? 1 : 0;
      return answerEvents(request, response);
    }
    const script = scripts.get(url.slice(1));
    const type = script === undefined ? "text/html" : "text/javascript";
    response.writeHead(200, { "content-type": type });
    response.end(
      script ??
        (url === "/" ? await renderPage() : `<!doctype html><body><script type="module" src="${url}.js"></script>`),
    );
  }
  const { port, close } = await listen(createServer(answer));
  onTestFinished(async () => {
    await hub.close();
    await close();
  });
  let numbers = 0;
  return {
    url: `http://127.0.0.1:${port}`,
    hub,
    /** Says something in each room. */
    async sayEverywhere(): Promise<void> {
      const id = String(++numbers);
      for (const roomId of ROOMS) await say(roomId, { id, author: roomId, text: id });
    },
    said: (roomId: string) => Array.from({ length: numbers }, (_, index) => `${roomId}: ${index + 1}`),
    streams: () => streams,
  };
}

/** Collects what a page prints: hydration errors, warnings of React, failures. */
function consoleOf(page: Page): string[] {
  const printed: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) printed.push(message.text());
  });
  page.on("pageerror", ({ message }) => printed.push(message));
  return printed;
}

const linesOf = (page: Page, roomId: string) =>
  page
    .locator("section", { has: page.getByRole("heading", { name: roomId }) })
    .locator("li")
    .allTextContents();

describe.for(["19", "18"] as const)("React %s", (version) => {
  let scripts: Scripts;
  beforeAll(async () => {
    scripts = await buildPages(version);
  });

  test("the pages have this version of React", () => {
    const versions = Array.from(
      [...scripts.values()].join("\n").matchAll(/"(1[89])\.\d+\.\d+"/g),
      ([, major]) => major,
    );
    expect(new Set(versions)).toEqual(new Set([version]));
  });

  test("a page that the server has rendered becomes alive without a hole and without a repetition", async () => {
    const server = await serve(scripts);
    await server.sayEverywhere();
    const page = await openWindow();
    const printed = consoleOf(page);
    // The script comes when more has been said than the server has rendered.
    await page.route("**/main.js", async (route) => {
      expect(await linesOf(page, "lobby")).toEqual(["lobby: 1"]);
      await server.sayEverywhere();
      await route.continue();
    });
    await page.goto(server.url);
    await until(() => linesOf(page, "lobby"), server.said("lobby"));
    await server.sayEverywhere();
    await until(() => linesOf(page, "lobby"), server.said("lobby"));
    expect([server.said("lobby").length, server.streams(), printed]).toEqual([3, 1, []]);
  });

  test("rooms are switched faster than they load: each shows its own messages, each of them once", async () => {
    const server = await serve(scripts);
    await server.sayEverywhere();
    const page = await openWindow();
    const printed = consoleOf(page);
    await page.goto(server.url);
    // Looks at every state of the page, also at those that nobody would see.
    await page.evaluate(() => {
      const foreign: string[] = [];
      Object.assign(globalThis, { foreign });
      const look = () => {
        const name = document.querySelector("h1")?.textContent ?? "";
        for (const { textContent } of document.querySelectorAll("li")) {
          if (!textContent?.startsWith(`${name}:`)) foreign.push(`${name} shows ${textContent}`);
        }
      };
      new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
    });
    for (let round = 0; round < 20; round++) {
      const said = server.sayEverywhere();
      await page.evaluate(
        async ([...rooms]) => {
          for (const roomId of rooms) {
            document
              .evaluate(`//button[text()="${roomId}"]`, document)
              .iterateNext()
              ?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
            await new Promise(requestAnimationFrame);
          }
        },
        ["garden", "kitchen", "lobby"],
      );
      await said;
    }
    for (const roomId of ROOMS) {
      await page.getByRole("button", { name: roomId }).click();
      await until(() => linesOf(page, roomId), server.said(roomId));
    }
    expect(await page.evaluate("foreign")).toEqual([]);
    await until(() => server.hub.stats().connections, 1);
    expect(printed).toEqual([]);
  });

  test("a room that may not be read says so", async () => {
    const server = await serve(scripts);
    const page = await openWindow();
    await page.goto(server.url);
    await page.getByRole("button", { name: "secret" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toBe("secret cannot be shown: forbidden.");
  });

  test("a component whose file is saved keeps what has come, and goes on", async () => {
    const server = await serve(scripts);
    const page = await openWindow();
    const printed = consoleOf(page);
    await page.goto(`${server.url}/edited`);
    await until(() => server.hub.stats().channels, 1);
    await server.sayEverywhere();
    await until(() => linesOf(page, "lobby"), server.said("lobby"));
    // Looks at every state of the page, also at those that nobody would see.
    await page.evaluate(() => {
      const counts: number[] = [];
      Object.assign(globalThis, { counts });
      const look = () => counts.push(document.querySelectorAll("li").length);
      new MutationObserver(look).observe(document.body, { childList: true, characterData: true, subtree: true });
      globalThis.edit();
    });
    await server.sayEverywhere();
    await until(() => linesOf(page, "lobby"), server.said("lobby"));
    expect(await page.evaluate("counts")).toEqual([2]);
    expect([server.streams(), printed]).toEqual([1, []]);
  });

  test("components mount and unmount in each frame: one stream in the end, and each message once", async () => {
    const server = await serve(scripts);
    await server.sayEverywhere();
    const page = await openWindow();
    const printed = consoleOf(page);
    await page.goto(`${server.url}/stress`);
    await page.waitForFunction(() => "stress" in globalThis);
    const flipped = page.evaluate("stress.flip(120)");
    for (let round = 0; round < 20; round++) await server.sayEverywhere();
    await flipped;
    for (const roomId of ROOMS) await until(() => linesOf(page, roomId), server.said(roomId));
    await server.sayEverywhere();
    for (const roomId of ROOMS) await until(() => linesOf(page, roomId), server.said(roomId));
    expect(server.hub.stats()).toMatchObject({ connections: 1, channels: 3 });
    await page.evaluate("stress.hide()");
    await until(() => server.hub.stats().connections, 0);
    expect(printed).toEqual([]);
  });
});
