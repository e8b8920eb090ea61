import { createServer } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openWindow } from "../chat/stage.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import type { Scripts } from "./build-pages.ts";
import { chat } from "./page/contract.ts";

const PAGE = `<!doctype html><body><script type="module" src="/polling.js"></script>`;

/** The room that the page follows. */
const lobby = chat.room({ roomId: "lobby" });

/**
 * Serves a page that follows a room, and shows what it hears and its status as `polling`.
 *
 * @param heartbeat in milliseconds
 */
export async function servePollingPage(scripts: Scripts, heartbeat: number) {
  const hub = createHub(chat, {
    log: memoryLog(),
    authorize: () => true,
    // Nothing is in the state, so each text comes by an event of its own.
    snapshot: { room: () => ({ messages: [] }) },
    heartbeat,
  });
  const answerEvents = toNodeHandler(hub);
  const server = createServer((request, response) => {
    const { url = "/" } = request;
    // Otherwise a browser would send its next request over a socket that may be dead.
    response.setHeader("connection", "close");
    if (url.startsWith("/events")) {
      void answerEvents(request, response);
      return;
    }
    const script = scripts.get(url.slice(1));
    response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" });
    response.end(script ?? PAGE);
  });
  const port = await serveHub(hub, () => listen(server));
  let said = 0;
  return {
    port,
    /** Publishes so many texts: 1, 2 and so on. */
    say: async (count: number): Promise<void> => {
      for (let index = 0; index < count; index++) {
        const text = String(++said);
        await hub.publish(lobby, "message", { id: text, author: "ada", text });
      }
    },
    texts: () => Array.from({ length: said }, (_, index) => String(index + 1)),
  };
}

/** Opens the page, whose time a test moves, and waits until it has its state. */
export async function openPollingPage(port: number): Promise<Page> {
  const page = await openWindow();
  await page.clock.install();
  await page.goto(`http://127.0.0.1:${port}`);
  await page.waitForFunction(() => "polling" in globalThis);
  await untilPage(page, "polling.snapshots", 1);
  return page;
}

/** Waits until an expression of the page has a value. A browser on a busy machine takes its time. */
export function untilPage(page: Page, expression: string, expected: unknown): Promise<void> {
  return expect.poll(() => page.evaluate(expression), { timeout: 50_000, interval: 50 }).toEqual(expected);
}
