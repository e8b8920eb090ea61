import { MAX_NAME, MAX_TEXT } from "@tidings-apps/chat-contract";
import { afterEach, expect, test } from "vitest";
import { startChat, visit, type Visitor } from "./chat.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<string> {
  const { server, url } = await startChat();
  closing.push(() => server.close());
  return url;
}

/** A problem, and that it says what was wrong. */
async function expectProblem(response: Response, status: number): Promise<void> {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem: unknown = await response.json();
  expect(problem).toEqual({
    type: "about:blank",
    title: expect.any(String) as unknown,
    status,
    detail: expect.stringMatching(/^\w.*\.$/s) as unknown,
  });
  expect(response.status).toBe(status);
}

const post = (who: Visitor, body: unknown) => who.request("POST", "/api/rooms/lobby/messages", body);

test("signing in answers 201 and a cookie that no script can read and no other site can use", async () => {
  const url = await start();
  const response = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "  Ada \n Lovelace " }),
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ viewer: { name: "Ada Lovelace" } });
  const [cookie = ""] = response.headers.getSetCookie();
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Lax/);
  expect(cookie).toMatch(/; Path=\//);
});

test("the session says who one is, and nobody is nobody", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  expect(await (await ada.request("GET", "/api/session")).json()).toEqual({ viewer: { name: "ada" } });
  const nobody = await fetch(`${url}/api/session`);
  expect([nobody.status, await nobody.json()]).toEqual([200, { viewer: null }]);
});

test("a cookie that was changed, or signed by another server, is none", async () => {
  const url = await start();
  const { cookie } = await visit(url, "ada");
  const { server, url: otherUrl } = await startChat({ secret: "another" });
  closing.push(() => server.close());
  const foreign = (await visit(otherUrl, "ada")).cookie;
  const [name = "", value = ""] = cookie.split("=");
  for (const forged of [
    foreign,
    `${name}=${value.slice(0, -3)}abc`,
    `${name}=${value.split(".")[0]}`,
    `${name}=`,
    `${name}=a.b`,
  ]) {
    const response = await fetch(`${url}/api/session`, { headers: { cookie: forged } });
    expect(await response.json(), forged).toEqual({ viewer: null });
  }
});

test("signing out ends the person's streams within a second, and the cookie is worth nothing any more", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const stream = await ada.request("GET", "/events?channel=rooms/lobby");
  const begun = performance.now();
  const response = await ada.request("DELETE", "/api/session");
  expect(response.status).toBe(204);
  expect(response.headers.getSetCookie()[0]).toMatch(/Expires=Thu, 01 Jan 1970/);
  expect(await stream.text()).toContain('event: bye\ndata: {"reason":"expired"}');
  expect(performance.now() - begun).toBeLessThan(1_000);
  await expectProblem(await post(ada, { text: "still here?" }), 401);
  expect((await ada.request("GET", "/events?channel=rooms/lobby")).status).toBe(401);
  expect((await ada.request("DELETE", "/api/session")).status).toBe(204);
});

test("a message answers 201, and is on the page, in the snapshot and in the log", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const response = await post(ada, { text: "hi", unknown: "ignored" });
  expect(response.status).toBe(201);
  const body: unknown = await response.json();
  const message = {
    id: expect.any(String) as unknown,
    number: 1,
    author: "ada",
    text: "hi",
    mentions: [],
    sentAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
  };
  expect(body).toEqual({ message });
  expect(await ada.read(10)).toEqual(["hi"]);
  const snapshot = await fetch(`${url}/events?channel=rooms/lobby&snapshot`, {
    headers: { cookie: ada.cookie, accept: "application/json" },
  });
  expect(await snapshot.json()).toMatchObject({ state: { "rooms/lobby": { messages: [message] } } });
});

test("the same idempotency key of the same author is the same message", async () => {
  const url = await start();
  const [ada, bo] = [await visit(url, "ada"), await visit(url, "bo")];
  const first: unknown = await (await post(ada, { text: "once", idempotencyKey: "k" })).json();
  expect(await (await post(ada, { text: "once", idempotencyKey: "k" })).json()).toEqual(first);
  await post(bo, { text: "bo's own", idempotencyKey: "k" });
  expect(await ada.read(10)).toEqual(["once", "bo's own"]);
});

test("typing answers 202", async () => {
  const ada = await visit(await start(), "ada");
  expect((await ada.request("POST", "/api/rooms/lobby/typing")).status).toBe(202);
});

test("what is no message is refused with a problem, nothing is stored and nothing published", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const bodies = [
    "{",
    "",
    "null",
    '"hi"',
    [],
    {},
    { text: "" },
    { text: " \n\t\u00a0 " },
    { text: "x".repeat(MAX_TEXT + 1) },
    { text: 1 },
    { text: null },
    { text: ["hi"] },
    { text: { toString: "hi" } },
    { text: "hi", idempotencyKey: 1 },
    { text: "hi", idempotencyKey: "" },
    { text: "hi", idempotencyKey: "k".repeat(129) },
  ];
  for (const body of bodies) await expectProblem(await post(ada, body), 400);
  await expectProblem(await post(ada, { text: "x".repeat(64 * 1024) }), 413);
  const form = await fetch(`${url}/api/rooms/lobby/messages`, {
    method: "POST",
    headers: { cookie: ada.cookie },
    body: '{"text":"hi"}',
  });
  await expectProblem(form, 400);
  expect(await ada.read(10)).toEqual([]);
  expect((await post(ada, { text: "x".repeat(MAX_TEXT) })).status).toBe(201);
});

test("what is no name is refused with a problem and no cookie", async () => {
  const url = await start();
  for (const body of [
    "{",
    "",
    { name: "" },
    { name: "  " },
    { name: "x".repeat(MAX_NAME + 1) },
    { name: 1 },
    { name: "a\u0000b" },
    {},
    [],
  ]) {
    const response = await fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(response.headers.getSetCookie()).toEqual([]);
    await expectProblem(response, 400);
  }
});

test("who is not signed in may not post, hint or read", async () => {
  const url = await start();
  for (const path of ["/api/rooms/lobby/messages", "/api/rooms/lobby/typing", "/api/rooms/none/messages"]) {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"text":"hi"}',
    });
    await expectProblem(response, 401);
  }
  expect((await fetch(`${url}/events?channel=rooms/lobby`)).status).toBe(401);
});

test("a room or a path that does not exist is not found", async () => {
  const ada = await visit(await start(), "ada");
  const paths = [
    "/api/rooms/none/messages",
    "/api/rooms/__proto__/messages",
    "/api/rooms/none/typing",
    "/api/rooms/lobby",
    "/api/nothing",
  ];
  for (const path of paths) await expectProblem(await ada.request("POST", path, { text: "hi" }), 404);
  await expectProblem(await ada.request("GET", "/nothing"), 404);
  await expectProblem(await ada.request("POST", "/api/rooms/%zz/messages", { text: "hi" }), 400);
  expect((await ada.request("GET", "/events?channel=rooms/none")).status).toBe(403);
});

test("every answer has the policy that keeps other code out, and nothing tells what the server is made of", async () => {
  const url = await start();
  for (const path of ["/healthz", "/api/session", "/nothing"]) {
    const { headers } = await fetch(url + path);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'self'(;|$)/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
  }
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ ok: true });
});
