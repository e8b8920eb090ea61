// What an application learns where a browser forbids its requests, or cannot make them.
import { createServer } from "node:http";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import type { Page } from "playwright-core";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { bundle } from "../../packages/client/test/node/bundle.ts";
import { openWindow, until } from "../chat/stage.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { chat } from "./page/contract.ts";

const NETWORK = /^Expected an answer, got TypeError: Failed to fetch; check network, "url", CORS and Content-Security-/;

let script: string;
beforeAll(async () => {
  script = await bundle(`export * from "../../../../e2e/react/page/causes.ts";`);
});

/** A page with a client that follows a room, at a hub that allows no other origin. */
async function openPage(headers: Record<string, string> = {}) {
  const hub = createHub(chat, {
    log: memoryLog(),
    authorize: () => true,
    snapshot: { room: () => ({ messages: [] }) },
    onLog: () => {},
  });
  const answerEvents = toNodeHandler(hub);
  const server = createServer((request, response) => {
    const { url = "/" } = request;
    if (url.startsWith("/events")) {
      void answerEvents(request, response);
      return;
    }
    const isScript = url === "/causes.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html", ...headers });
    response.end(isScript ? script : `<!doctype html><body><script type="module" src="/causes.js"></script>`);
  });
  const port = await serveHub(hub, () => listen(server));
  onTestFinished(() => server.closeAllConnections());
  const origin = `http://127.0.0.1:${port}`;
  const page = await openWindow();
  await page.goto(origin);
  await page.waitForFunction(() => "follow" in globalThis);
  return { page, origin };
}

/** Follows, and reads what the application has learnt in the end. */
async function factsOf(page: Page, call: string, state: string) {
  await page.evaluate(`void ${call}`);
  await until(() => page.evaluate("facts.status.state"), state);
  return page.evaluate<{ errors: string[]; status: { reason?: string }; cause: string | undefined }>("facts");
}

test("a Content Security Policy that forbids the request is an outage, whose cause says where to look", async () => {
  const { page } = await openPage({ "content-security-policy": "connect-src 'none'" });
  const { errors, status, cause } = await factsOf(page, `follow("/events")`, "retrying");
  expect(status.reason).toBe("network");
  expect(cause).toMatch(NETWORK);
  expect(errors).toEqual([cause]);
});

test("a hub that does not allow the origin of the page is an outage, whose cause says where to look", async () => {
  const { page } = await openPage();
  const { origin } = await openPage();
  const { errors, status, cause } = await factsOf(page, `follow("${origin}/events")`, "retrying");
  expect(status.reason).toBe("network");
  expect(cause).toMatch(NETWORK);
  expect(errors).toEqual([cause]);
});

test("in a worker of a blob, a relative url is told at once, and an absolute one works", async () => {
  const { page, origin } = await openPage();
  const { errors, status, cause } = await factsOf(page, `followInWorker("/events")`, "closed");
  expect(status.reason).toBe("bad-option");
  expect(cause).toBe('Expected "url" to be absolute here, with http or https, got /events.');
  expect(errors).toEqual([cause]);
  await page.reload();
  await page.waitForFunction(() => "follow" in globalThis);
  expect(await factsOf(page, `followInWorker("${origin}/events")`, "live")).toMatchObject({ errors: [] });
});
