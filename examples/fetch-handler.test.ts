import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createApp, serve } from "./fetch-handler.ts";

/** Options of `expect.poll`: a real socket needs some time. */
const POLL = { timeout: 10_000 };

const BASE = "https://greetings.example";

function open() {
  const { hub, handle } = createApp();
  onTestFinished(() => hub.close());
  const say = async (body: string) => handle(new Request(`${BASE}/greetings`, { method: "POST", body }));
  return { hub, handle, say };
}

/** Reads a stream until it contains the text. */
async function readUntil(reader: ReadableStreamDefaultReader<string> | undefined, text: string): Promise<string> {
  let read = "";
  while (!read.includes(text)) {
    const { done = true, value = "" } = (await reader?.read()) ?? {};
    if (done) throw new Error(`Expected ${text}, got the end of the stream after ${read}`);
    read += value;
  }
  return read;
}

function readerOf({ body }: Response): ReadableStreamDefaultReader<string> | undefined {
  return body?.pipeThrough(new TextDecoderStream()).getReader();
}

test("without a socket: a stream brings what is published, and ends when its body is cancelled", async () => {
  const { hub, handle, say } = open();
  const response = await handle(new Request(`${BASE}/events?channel=greetings`));
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = readerOf(response);
  const published = await say("good day");
  expect(published.status).toBe(201);
  const id = (await published.text()).trim();
  expect(await readUntil(reader, "good day")).toContain(
    `event: greetings:greeting\ndata: {"text":"good day"}\nid: ${id}\n`,
  );
  expect(hub.stats().connections).toBe(1);
  await reader?.cancel();
  expect(hub.stats().connections).toBe(0);
});

test("without a socket: pages, refusals and unknown paths are complete answers", async () => {
  const { hub, handle, say } = open();
  await say("good day");
  const page = await handle(
    new Request(`${BASE}/events?channel=greetings&last=1`, { headers: { accept: "application/json" } }),
  );
  expect(await page.json()).toMatchObject({ events: [{ type: "greeting", data: { text: "good day" } }] });
  const problem = await handle(new Request(`${BASE}/events?channel=nowhere&protocol=1`));
  expect([problem.status, await problem.json()]).toMatchObject([404, { code: "unknown-channel" }]);
  expect((await handle(new Request(`${BASE}/greetings`))).status).toBe(404);
  expect(hub.stats().connections).toBe(0);
});

test.each([
  ["is empty", "", "greetings.greeting: text: "],
  ["is too long", "x".repeat(70_000), "expected 65536 bytes of JSON at most"],
])("a greeting that %s gets a 400 that says what was expected", async (_, body, detail) => {
  const response = await open().say(body);
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(detail);
});

test("over HTTP: the stream brings a greeting, and the connection ends when the reader leaves", async () => {
  const { hub, handle } = open();
  const server = serve(0, handle);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reader = readerOf(await fetch(`${url}/events?channel=greetings`));
  const published = await fetch(`${url}/greetings`, { method: "POST", body: "good day" });
  expect(published.status).toBe(201);
  expect(await readUntil(reader, "good day")).toContain(`id: ${(await published.text()).trim()}\n`);
  expect(hub.stats().connections).toBe(1);
  // Nothing is written at this time, so only the closed socket shows that the reader has left.
  await reader?.cancel();
  await expect.poll(() => hub.stats().connections, POLL).toBe(0);
});
