import { createServer, type IncomingMessage } from "node:http";
import { memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub, type CorsOptions } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { startBrowser } from "../browser.ts";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";

/** A log that counts the reads on behalf of requests. */
function countingLog() {
  const log = memoryLog();
  const counted = { reads: 0 };
  const counting = wrapLog(log, {
    read(after, channels, ...rest) {
      // The tailer's own reads name no channel.
      if (channels !== null) counted.reads++;
      return log.read(after, channels, ...rest);
    },
    recent(...parameters) {
      counted.reads++;
      return log.recent(...parameters);
    },
    current(...parameters) {
      counted.reads++;
      return log.current(...parameters);
    },
    head() {
      counted.reads++;
      return log.head();
    },
  });
  return { log: counting, counted };
}

interface SeenRequest {
  readonly headers: IncomingMessage["headers"];
  readonly status: number;
  readonly vary: string;
}

async function open(cors?: CorsOptions) {
  const { log, counted } = countingLog();
  const requests: SeenRequest[] = [];
  const hub = createHub(testContract, {
    log,
    authenticate: ({ headers }) => (/ada/.test(headers.get("cookie") ?? "") ? { id: "ada" } : null),
    authorize: () => true,
    ...(cors === undefined ? {} : { cors }),
  });
  const handler = toNodeHandler(hub);
  const server = createServer((request, response) => {
    if (request.url === "/") {
      // A careless site: its cookie has no SameSite attribute.
      response.setHeader("set-cookie", "user=ada").setHeader("content-type", "text/html").end("<!doctype html>");
      return;
    }
    response.once("close", () =>
      requests.push({
        headers: request.headers,
        status: response.statusCode,
        vary: String(response.getHeader("vary")),
      }),
    );
    void handler(request, response);
  });
  const port = await serveHub(hub, () => listen(server));
  await hub.publish(lobby, "message", { text: "secret" });
  return { counted, requests, port };
}

/**
 * Sends every kind of request that a web page can send to the event route. Returns what it can read of the answers.
 * It runs in a browser, so it uses nothing from outside.
 */
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

test("a page of another origin reads nothing, not even the log is read; one of the same origin does", async () => {
  const { counted, requests, port } = await open();
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  // Two other origins: another site, and the same site on another port, which gets the cookies.
  const other = await open();
  await page.goto(`http://127.0.0.1:${port}/`);
  for (const origin of [`http://localhost:${other.port}/`, `http://127.0.0.1:${other.port}/`]) {
    await page.goto(origin);
    requests.length = 0;
    const before = counted.reads;
    const seen = await page.evaluate(attack, `http://127.0.0.1:${port}${PATH}`);
    expect(seen.filter((each) => each !== "refused" && each !== "opaque 0 ")).toEqual([]);
    expect(requests.length, origin).toBeGreaterThanOrEqual(8);
    expect(new Set(requests.map(({ status }) => status)), origin).toEqual(new Set([403]));
    for (const { vary } of requests) expect(vary).toBe("Accept, Origin");
    expect(counted.reads - before, origin).toBe(0);
  }
  // The requests had cookies, so a missing cookie was not the reason.
  expect(requests.some(({ headers }) => headers.cookie?.includes("ada"))).toBe(true);
  expect(new Set(requests.map(({ headers }) => headers["sec-fetch-site"]))).toEqual(new Set(["same-site"]));

  await page.goto(`http://127.0.0.1:${port}/`);
  const own = await page.evaluate(
    async (path) => (await fetch(path, { headers: { accept: "application/json" } })).text(),
    PATH,
  );
  expect(own).toContain("secret");
}, 60_000);

test("a listed origin may read with credentials, an unlisted one may not; `*` with credentials throws", async () => {
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
