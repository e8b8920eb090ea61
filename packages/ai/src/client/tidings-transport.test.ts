import { createClient, type Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod/mini";
import { ChatApp } from "../../test/chat-app.ts";
import { ai } from "../../test/contract.ts";
import { sharedLog } from "../../test/shared-log.ts";
import { TestChat } from "../../test/test-chat.ts";
import type { Chunk } from "../run.ts";
import { startRun } from "../server.ts";
import type { RunClient } from "./run-client.ts";
import { tidingsTransport, type TidingsTransportOptions } from "./tidings-transport.ts";

const question = { id: "q", role: "user" as const, parts: [{ type: "text" as const, text: "What is tea?" }] };
const sending = {
  chatId: "c",
  messages: [question],
  trigger: "submit-message" as const,
  messageId: undefined,
  abortSignal: undefined,
};

/** A transport whose requests are noted, and start a run that is over at once, unless they are answered otherwise. */
function start(options: Partial<TidingsTransportOptions<typeof ai>> = {}, answer?: () => Promise<Response>) {
  const app = new ChatApp(memoryLog());
  const requests: { readonly url: string; readonly headers: Record<string, string>; readonly body: unknown }[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const headers = Object.fromEntries(request.headers);
    const body = (await request.json()) as { readonly runId: string };
    requests.push({ url: request.url, headers, body });
    if (answer !== undefined) return answer();
    await startRun(app.hub, { run: ai.run({ chatId: "c", runId: body.runId }) }, async function* () {
      yield { type: "start" };
    });
    return new Response(null, { status: 202 });
  };
  const client = app.connect();
  const transport = tidingsTransport(client, { chat: ai.chat, run: ai.run, api: "http://a.test/x", fetch, ...options });
  return { app, client, transport, requests };
}

function transportOf(app: ChatApp, client: Client<typeof ai> = app.connect()) {
  return tidingsTransport(client, { chat: ai.chat, run: ai.run });
}

async function readAll(stream: ReadableStream<unknown> | null) {
  const chunks = [];
  for (const reader = stream?.getReader(); reader;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  return chunks;
}

test("the request has what the AI SDK sends, and a new runId for each call", async () => {
  const { transport, requests } = start({ headers: { "x-one": "1" }, body: { model: "m" } });
  const given = { ...sending, headers: { "X-Two": "2" }, body: { temperature: 0 } };
  expect(await readAll(await transport.sendMessages(given))).toEqual([{ type: "start" }]);
  await readAll(await transport.sendMessages(given));
  const [one] = requests;
  const [runId, next] = requests.map(({ body }) => (body as { readonly runId: string }).runId);
  expect(one).toMatchObject({
    url: "http://a.test/x",
    headers: { "x-one": "1", "x-two": "2", "content-type": "application/json" },
    body: { id: "c", messages: [question], trigger: "submit-message", runId, model: "m", temperature: 0 },
  });
  expect(runId).toMatch(/^[0-9a-f]{32}$/);
  expect(next).not.toBe(runId);
});

test("prepareSendMessagesRequest makes the request", async () => {
  const { transport, requests } = start({
    prepareSendMessagesRequest: ({ id, messages, body }) => ({
      api: `http://a.test/chats/${id}`,
      headers: { "x-three": "3" },
      body: { ...body, message: messages.at(-1) },
    }),
  });
  await readAll(await transport.sendMessages(sending));
  expect(requests).toMatchObject([
    { url: "http://a.test/chats/c", headers: { "x-three": "3" }, body: { message: question } },
  ]);
  expect(requests[0]?.body).not.toHaveProperty("messages");
});

test("an answer that is not ok is an error with its text, or with its status", async () => {
  const texts = ["The chat has another run.", ""];
  const { transport } = start({}, async () => new Response(texts.shift(), { status: 409 }));
  await expect(transport.sendMessages(sending)).rejects.toThrow("The chat has another run.");
  await expect(transport.sendMessages(sending)).rejects.toThrow("got status 409");
});

test("a server that forgets to start the run is an error, and not an endless wait", async () => {
  const { transport } = start({}, async () => new Response("ok"));
  await expect(transport.sendMessages(sending)).rejects.toThrow("let the server call startRun");
});

test("a run that has failed is an error for the page", async () => {
  const { app, transport } = start();
  const run = ai.run({ chatId: "c", runId: "r" });
  const produce = () => Promise.reject(new Error("no model"));
  const { ended } = await startRun(app.hub, { chat: ai.chat({ chatId: "c" }), run, onError: () => {} }, produce);
  await ended;
  const chunks = await readAll(await transport.reconnectToStream({ chatId: "c" }));
  expect(chunks).toEqual([{ type: "error", errorText: "The answer has failed." }]);
});

test("a chat without a run has nothing to go on with", async () => {
  const { transport } = start();
  expect(await transport.reconnectToStream({ chatId: "c" })).toBe(null);
});

/** Makes a page that comes back to a run, and notes its errors. */
function pageOf(app: ChatApp, client = app.connect()) {
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  return {
    errors,
    page: new TestChat({ id: "c", messages: [question], transport: transportOf(app, client), onError }),
  };
}

test("a chat whose beginning of the answer the log has dropped says that it is missing", async () => {
  const app = new ChatApp(memoryLog({ keep: { entries: 2 }, burst: 0 }));
  const run = ai.run({ chatId: "c", runId: "r" });
  await app.hub.publish(ai.chat({ chatId: "c" }), "activeRun", { runId: "r" });
  for (const [index, delta] of ["Tea ", "is ", "hot."].entries()) {
    await app.hub.publish(run, "chunks", { first: index, chunks: [{ type: "text-delta", id: "t", delta } as Chunk] });
  }
  const { page, errors } = pageOf(app);
  await page.resumeStream();
  expect([page.status, page.messages]).toEqual(["error", [question]]);
  expect(errors).toEqual([page.error]);
  expect(page.error?.message).toMatch(/^chats\/c\/runs\/r: expected the whole answer, but its beginning is gone; /);
});

test("a chat with a chunk of a newer release, which the page cannot read, says so", async () => {
  const log = sharedLog(Date.now);
  const app = new ChatApp(log);
  const Newer = z.object({ first: z.int(), parts: z.array(z.string()) });
  const newer = defineContract({ run: channel("chats/:chatId/runs/:runId", { chunks: Newer }) });
  const hub = createHub(newer, { log, authorize: () => true });
  onTestFinished(() => hub.close());
  await hub.publish(newer.run({ chatId: "c", runId: "r" }), "chunks", { first: 0, parts: ["Tea"] });
  await app.hub.publish(ai.chat({ chatId: "c" }), "activeRun", { runId: "r" });
  const causes: unknown[] = [];
  const onError = (error: unknown) => void causes.push(error);
  const client = createClient(ai, { url: "http://app.test/events", fetch: app.fetch, onError });
  onTestFinished(() => client.close());
  const { page, errors } = pageOf(app, client);
  await page.resumeStream();
  expect(errors).toHaveLength(1);
  expect(page.error?.message).toMatch(/^chats\/c\/runs\/r: expected the whole answer, but this page cannot read a /);
  expect(causes).toContainEqual(expect.objectContaining({ code: "invalid-data" }));
});

test("a chat is ready again when the log has dropped everything of a run that nobody has saved", async () => {
  let now = Date.now();
  const log = memoryLog({ keep: { age: 60_000 }, burst: 0, now: () => now });
  const app = new ChatApp(log);
  const run = ai.run({ chatId: "c", runId: "r" });
  const produce = () => Promise.reject(new Error("no model"));
  const { ended } = await startRun(app.hub, { chat: ai.chat({ chatId: "c" }), run, onError: () => {} }, produce);
  await ended;
  const { page: early } = pageOf(app);
  await early.resumeStream();
  expect(early.error?.message).toBe("The answer has failed.");
  now += 120_000;
  await log.trim();
  const { page: late, errors } = pageOf(app);
  await late.resumeStream();
  expect([late.status, late.messages, errors]).toEqual(["ready", [question], []]);
});

test("a gap in the middle of an answer leaves the text so far, and says that the rest is missing", async () => {
  const app = new ChatApp(memoryLog());
  // Safe: it is what the transport needs of a client.
  const client = app.connect() as unknown as RunClient;
  let meetGap = () => {};
  const subscribe: RunClient["subscribe"] = (address, handlers, options) => {
    if (address.path === "chats/c/runs/r") meetGap = () => handlers.onGap();
    return client.subscribe(address, handlers, options);
  };
  const place = { chat: ai.chat({ chatId: "c" }), run: ai.run({ chatId: "c", runId: "r" }) };
  await startRun(app.hub, place, async function* () {
    yield* [
      { type: "start", messageId: "r" },
      { type: "text-start", id: "t" },
    ];
    yield { type: "text-delta", id: "t", delta: "Tea is " };
    await new Promise(() => {});
  });
  const page = new TestChat({ id: "c", transport: transportOf(app, { ...client, subscribe } as never) });
  const resuming = page.resumeStream();
  await vi.waitFor(() => expect(page.answer).toBe("Tea is "));
  meetGap();
  await resuming;
  expect([page.answer, page.status]).toEqual(["Tea is ", "error"]);
  expect(page.error?.message).toContain("Expected all chunks of chats/c/runs/r, got a gap");
});

test("a page that may not read the chat gets an error, and one that leaves does not wait", async () => {
  const hub = createHub(ai, { log: memoryLog(), authorize: () => false, onLog: () => {} });
  onTestFinished(() => hub.close());
  const refusing = (url: string, init: RequestInit) => toFetchHandler(hub)(new Request(url, init));
  const refused = createClient(ai, { url: "http://a.test/events", fetch: refusing, onError: () => {} });
  onTestFinished(() => refused.close());
  const away = createClient(ai, { url: "http://a.test/events", fetch: () => new Promise(() => {}) });
  onTestFinished(() => away.close());
  const channels = { chat: ai.chat, run: ai.run };
  const reconnecting = tidingsTransport(refused, channels).reconnectToStream({ chatId: "c" });
  await expect(reconnecting).rejects.toThrow('Expected to read chats/c, got "forbidden"');
  const leaving = new AbortController();
  const waiting = tidingsTransport(away, channels).reconnectToStream({ chatId: "c", abortSignal: leaving.signal });
  leaving.abort(new Error("left"));
  await expect(waiting).rejects.toThrow("left");
});

test("options that are unknown or of another type are refused", () => {
  const { client } = start();
  // @ts-expect-error -- a misspelt option
  expect(() => tidingsTransport(client, { chat: ai.chat, run: ai.run, apii: "/x" })).toThrow('got "apii"');
  // @ts-expect-error -- nothing of what it needs
  expect(() => tidingsTransport(client, {})).toThrow('Expected "chat" to be a function, got null.');
  // @ts-expect-error -- no run
  expect(() => tidingsTransport(client, { chat: ai.chat })).toThrow('Expected "run" to be a function, got null.');
  const channels = { chat: ai.chat, run: ai.run };
  // Their keys would be none.
  const headers = new Headers({ authorization: "Bearer x" }) as never;
  expect(() => tidingsTransport(client, { ...channels, headers })).toThrow('"headers" to be a plain object, got [obj');
  expect(() => tidingsTransport(client, { ...channels, body: new Map() })).toThrow('"body" to be a plain object, got');
  // @ts-expect-error -- an address, and no channel
  expect(() => tidingsTransport(client, { chat: ai.chat({ chatId: "c" }), run: ai.run })).toThrow('"chat"');
});
