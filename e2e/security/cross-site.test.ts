import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { createHub, type CorsOptions } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startBrowser } from "../browser.ts";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });

/** A log that counts what is asked of it about a channel. */
function countedLog() {
  const log = memoryLog();
  const counted = { reads: 0 };
  const watched: EventLog = {
    append: (batch) => log.append(batch),
    read(after, channels, ...rest) {
      // The tailer's own reads name no channel.
      if (channels !== null) counted.reads++;
      return log.read(after, channels, ...rest);
    },
    recent: (...args) => (counted.reads++, log.recent(...args)),
    current: (...args) => (counted.reads++, log.current(...args)),
    head: () => (counted.reads++, log.head()),
    watch: (wake) => log.watch(wake),
    trim: () => log.trim(),
    stat: () => log.stat(),
    close: () => log.close(),
  };
  return { log: watched, counted };
}

async function open(cors?: CorsOptions) {
  const { log, counted } = countedLog();
  const requests: { readonly headers: IncomingMessage["headers"]; readonly status: number; readonly vary: string }[] =
    [];
  const hub = createHub(chat, {
    log,
    authenticate: ({ headers }) => (/ada/.test(headers.get("cookie") ?? "") ? { id: "ada" } : null),
    authorize: () => true,
    ...(cors === undefined ? {} : { cors }),
  });
  const handler = toNodeHandler(hub);
  const server = createServer((request, response) => {
    if (request.url === "/") {
      // As a site that is careless: its cookie goes wherever its address is asked for.
      return response.setHeader("set-cookie", "user=ada").setHeader("content-type", "text/html").end("<!doctype html>");
    }
    response.once("close", () =>
      requests.push({
        headers: request.headers,
        status: response.statusCode,
        vary: String(response.getHeader("vary")),
      }),
    );
    return handler(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    await hub.close();
    server.close();
  });
  await hub.publish(chat.room({ roomId: "lobby" }), "message", { text: "secret" });
  // A server that listens on a TCP port has an address of this shape.
  return { counted, requests, port: (server.address() as AddressInfo).port };
}

/** Every way in which a page can ask for a stream or a page, and what it gets to see. Runs in a page, so it stands alone. */
async function attack(url: string): Promise<string[]> {
  const seen: string[] = [];
  for (const init of [
    { credentials: "include" },
    { credentials: "include", headers: { accept: "application/json" } },
    { credentials: "include", headers: { "last-event-id": "e.1" } },
    { credentials: "include", mode: "no-cors" },
    {
      credentials: "include",
      method: "POST",
      body: '{"channels":{"rooms/lobby":null}}',
      headers: { "content-type": "text/plain" },
    },
  ] as RequestInit[]) {
    await fetch(url, init).then(
      async (response) => seen.push(`${response.type} ${response.status} ${await response.text()}`),
      () => seen.push("refused"),
    );
  }
  await new Promise<void>((resolve) => {
    const source = new EventSource(url, { withCredentials: true });
    source.addEventListener("rooms/lobby:message", (event) => seen.push(String(event.data)));
    source.addEventListener("error", () => {
      seen.push("refused");
      source.close();
      resolve();
    });
  });
  for (const name of ["script", "img", "iframe"]) {
    await new Promise((resolve) => {
      const element = Object.assign(document.createElement(name), { src: url, onload: resolve, onerror: resolve });
      document.body.append(element);
    });
  }
  return seen;
}

const PATH = "/events?channel=rooms/lobby&last=1";

test("a page of another origin gets nothing, whatever it tries, before the log is asked; the same page at home gets everything", async () => {
  const { counted, requests, port } = await open();
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  // Another origin each: another site, and the same site on another port, to which cookies go.
  const other = await open();
  await page.goto(`http://127.0.0.1:${port}/`);
  for (const home of [`http://localhost:${other.port}/`, `http://127.0.0.1:${other.port}/`]) {
    await page.goto(home);
    requests.length = 0;
    const before = counted.reads;
    const seen = await page.evaluate(attack, `http://127.0.0.1:${port}${PATH}`);
    expect(seen.filter((each) => each !== "refused" && each !== "opaque 0 ")).toEqual([]);
    expect(requests.length, home).toBeGreaterThanOrEqual(8);
    expect(new Set(requests.map(({ status }) => status)), home).toEqual(new Set([403]));
    for (const { vary } of requests) expect(vary).toBe("Accept, Origin");
    expect(counted.reads - before, home).toBe(0);
  }
  // Cookies did come along, so it was not for want of them.
  expect(requests.some(({ headers }) => headers.cookie?.includes("ada"))).toBe(true);
  expect(new Set(requests.map(({ headers }) => headers["sec-fetch-site"]))).toEqual(new Set(["same-site"]));

  await page.goto(`http://127.0.0.1:${port}/`);
  const own = await page.evaluate(
    async (path) => (await fetch(path, { headers: { accept: "application/json" } })).text(),
    PATH,
  );
  expect(own).toContain("secret");
}, 60_000);

test("a listed origin may read with credentials, and the one beside it may not; no list may say everybody with credentials", async () => {
  const other = await open();
  const { port, counted } = await open({ origins: [`http://127.0.0.1:${other.port}`], credentials: true });
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const read = (url: string) =>
    fetch(url, { credentials: "include", headers: { accept: "application/json" } }).then(
      (response) => response.text(),
      () => "refused",
    );
  await page.goto(`http://127.0.0.1:${other.port}/`);
  expect(await page.evaluate(read, `http://127.0.0.1:${port}${PATH}`)).toContain("secret");
  const before = counted.reads;
  await page.goto(`http://localhost:${other.port}/`);
  expect(await page.evaluate(read, `http://127.0.0.1:${port}${PATH}`)).toBe("refused");
  expect(counted.reads).toBe(before);
  await expect(open({ origins: "*", credentials: true })).rejects.toThrow(TypeError);
}, 60_000);
