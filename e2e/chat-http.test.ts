import { MAX_NAME } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { cookieOf, visit, visitorWith } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { readUntil } from "../packages/server/test/read-until.ts";
import { startTestChat } from "./start-test-chat.ts";

const start = async (): Promise<string> => (await startTestChat()).url;

const signIn = (url: string, body: unknown): Promise<Response> =>
  fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** Requests that only somebody who is signed in may send. */
const REQUESTS = [
  ["GET", "/api/rooms"],
  ["POST", "/api/rooms"],
  ["PUT", "/api/rooms/lobby/membership"],
  ["DELETE", "/api/rooms/lobby/membership"],
  ["PUT", "/api/rooms/lobby/read"],
  ["POST", "/api/rooms/lobby/messages"],
  ["POST", "/api/rooms/lobby/messages/none/stop"],
  ["POST", "/api/rooms/lobby/typing"],
  ["PUT", "/api/rooms/lobby/topic"],
] as const;

test("signing in answers 201 with a cookie that no script can read and no other site can use", async () => {
  const response = await signIn(await start(), { name: "  Ada \n Lovelace " });
  expect(response.status).toBe(201);
  expect(await response.json()).toEqual({ viewer: { name: "Ada Lovelace" } });
  const [cookie = ""] = response.headers.getSetCookie();
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Lax/);
  expect(cookie).toMatch(/; Path=\//);
});

test("the first sign-in of a person joins the lobby; a person who has left it stays out", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const joined = { roomId: "lobby", joined: true, read: 0 };
  const { state, events } = await ada.look();
  expect(state["users/ada/inbox"]).toEqual({ places: [joined], mentions: [] });
  // The state has it. The log does not grow with every name.
  expect(events).toEqual([]);
  await ada.request("DELETE", "/api/rooms/lobby/membership");
  const before = await ada.look();
  expect(await (await visit(url, "ada")).look()).toEqual(before);
  expect(before.rooms).toMatchObject([{ id: "lobby", joined: false }]);
});

test("the session names the viewer, and is null without a cookie", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const session = await ada.request("GET", "/api/session");
  expect([session.status, await session.json()]).toEqual([200, { viewer: { name: "ada" } }]);
  const nobody = await fetch(`${url}/api/session`);
  expect([nobody.status, await nobody.json()]).toEqual([200, { viewer: null }]);
});

test("a cookie that was changed, or signed by another server, signs nobody in", async () => {
  const url = await start();
  const { cookie } = await visit(url, "ada");
  const { url: otherUrl } = await startTestChat({ secret: "another" });
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

test("signing out ends the streams of that session within a second, and its cookie is no longer accepted", async () => {
  const url = await start();
  const ada = await visit(url, "ada");
  const other = await visit(url, "ada");
  const bo = await visit(url, "bo");
  const follow = "/events?channel=rooms/lobby";
  const tabs = await Promise.all([
    ada.request("GET", follow),
    ada.request("GET", follow),
    other.request("GET", follow),
  ]);
  const bystander = await bo.request("GET", follow);
  const begun = performance.now();
  const response = await ada.request("DELETE", "/api/session");
  expect(response.status).toBe(204);
  expect(response.headers.getSetCookie()[0]).toMatch(/Expires=Thu, 01 Jan 1970/);
  for (const tab of tabs) expect(await tab.text()).toContain('event: bye\ndata: {"reason":"expired"}');
  // The bar is a second; a busy machine gets ten.
  expect(performance.now() - begun).toBeLessThan(10_000);
  await expectProblem(await ada.request("POST", "/api/rooms/lobby/messages", { text: "still here?" }), 401);
  expect((await ada.request("GET", follow)).status).toBe(401);
  expect(await (await ada.request("GET", "/api/session")).json()).toEqual({ viewer: null });
  expect((await ada.request("DELETE", "/api/session")).status).toBe(204);

  // The session on another device goes on, and so does everybody else's stream.
  expect((await other.request("GET", "/api/rooms")).status).toBe(200);
  await bo.say("bye ada");
  expect(await readUntil(bystander.body, "bye ada")).not.toContain("event: bye");
});

test("an invalid name is refused with a problem: no cookie is set and nobody joins", async () => {
  const url = await start();
  const witness = await visit(url, "witness");
  const before = await witness.look();
  for (const name of ["", "  ", "x".repeat(MAX_NAME + 1), 1, null, ["ada"], "a\u0000b", "龍".repeat(23), "\ud800"]) {
    const response = await signIn(url, { name });
    expect(response.headers.getSetCookie()).toEqual([]);
    await expectProblem(response, 400);
  }
  for (const body of ["{", "", "null", '"ada"', {}, []]) await expectProblem(await signIn(url, body), 400);
  await expectProblem(await signIn(url, { name: "x".repeat(64 * 1024) }), 413);
  const form = await fetch(`${url}/api/session`, { method: "POST", body: '{"name":"ada"}' });
  await expectProblem(form, 400);
  expect(await witness.look()).toEqual(before);
});

test("a name that looks like another person's name, or cannot be seen, or turns text around is refused", async () => {
  const url = await start();
  await visit(url, "Ada");
  for (const name of ["Ada\u200b", "\u3164", "\u200eAda", "Ada\u{e0041}", "\u202eadA", "Ada\ufe0f"]) {
    const response = await signIn(url, { name });
    expect(response.headers.getSetCookie(), JSON.stringify(name)).toEqual([]);
    await expectProblem(response, 400);
    await expectProblem(await (await visit(url, "bo")).request("POST", "/api/rooms", { name }), 400);
  }
});

test("a name that looks like somebody else's is refused with 409, which says so: no cookie, nobody joins", async () => {
  const url = await start();
  const witness = await visit(url, "witness");
  for (const [first, ...others] of [
    ["Ada", "ada", "ADA", "Ａｄａ", "\u0410d\u0430"],
    ["سارا", "سا\u200cرا"],
    ["محمد", "مح\u200dمد"],
    ["राम", "रा\u200cम", "रा\u200dम"],
  ] as const) {
    await visit(url, first);
    const before = await witness.look();
    for (const name of others) {
      const response = await signIn(url, { name });
      expect(response.headers.getSetCookie(), JSON.stringify(name)).toEqual([]);
      expect(await expectProblem(response, 409)).toContain(`"${name}" looks like "${first}"`);
    }
    expect(await witness.look()).toEqual(before);
    // The same name is the same person.
    expect((await signIn(url, { name: first })).status).toBe(201);
  }
});

test("of people who sign in at the same time with names that look the same, one gets in", async () => {
  const url = await start();
  const answers = await Promise.all(["bo", "Bo", "BO", "ｂｏ"].map((name) => signIn(url, { name })));
  expect(answers.map(({ status }) => status).sort((one, other) => one - other)).toEqual([201, 409, 409, 409]);
});

test("too many new people of one address get 429 with Retry-After, and a proxy says whose address it is", async () => {
  const { url } = await startTestChat({ proxies: 1 });
  const signInFrom = (address: string, name: string) =>
    fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": `198.51.100.1, ${address}` },
      body: JSON.stringify({ name }),
    });
  const names = Array.from({ length: 100 }, (_, index) => `person ${index}`);
  const statuses = await Promise.all(names.map(async (name) => (await signInFrom("192.0.2.1", name)).status));
  expect(new Set(statuses)).toEqual(new Set([201]));
  const refused = await signInFrom("192.0.2.1", "one too many");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await expectProblem(refused, 429)).toMatch(/^Expected fewer new people from one address; try again in \d+ /);
  expect((await signInFrom("192.0.2.1", "person 7")).status).toBe(201);
  expect((await signInFrom("192.0.2.2", "one more")).status).toBe(201);
});

test("a session whose name looks like somebody else's in a new database signs nobody in", async () => {
  const { cookie } = await visit(await start(), "ADA");
  const url = await start();
  await visit(url, "Ada");
  const other = visitorWith(url, cookie, "ADA");
  expect(await (await other.request("GET", "/api/session")).json()).toEqual({ viewer: null });
  await expectProblem(await other.request("GET", "/api/rooms"), 401);
  expect((await other.request("GET", "/events?channel=rooms")).status).toBe(401);
});

test("a name in any script can be part of the inbox's address", async () => {
  const url = await start();
  for (const name of ["李小龍", "👩‍🚀", "a/b?c#d%", "x".repeat(MAX_NAME), "龍".repeat(22), "..", "<b>"]) {
    const visitor = await visit(url, name);
    expect((await visitor.look()).rooms, name).toMatchObject([{ joined: true }]);
  }
});

test("a request without a session gets 401, whatever else is wrong with it", async () => {
  const url = await start();
  const witness = await visit(url, "witness");
  const before = await witness.look();
  const nobody = visitorWith(url, "", "nobody");
  for (const [method, path] of REQUESTS) {
    for (const each of [path, path.replace("lobby", "none")]) {
      await expectProblem(await nobody.request(method, each, method === "GET" ? undefined : "{"), 401);
    }
  }
  for (const channel of ["rooms/lobby", "rooms", "users/nobody/inbox", "presence"]) {
    expect((await nobody.request("GET", `/events?channel=${channel}`)).status).toBe(401);
  }
  expect(await witness.look()).toEqual(before);
});

test("a room or a path that does not exist answers 404, and the attempt stores nothing", async () => {
  const ada = await visit(await start(), "ada");
  const before = await ada.look();
  for (const room of ["none", "__proto__", "Lobby", "lobby%00", "lobby%00x", "%2e%2e"]) {
    for (const [method, path] of REQUESTS.slice(2)) {
      await expectProblem(await ada.request(method, path.replace("lobby", room), "{"), 404);
    }
  }
  for (const path of ["/api/rooms/lobby", "/api/nothing", "/api", "/api/rooms/lobby/messages/1"]) {
    await expectProblem(await ada.request("POST", path, { text: "hi" }), 404);
  }
  await expectProblem(await ada.request("GET", "/nothing"), 404);
  await expectProblem(await ada.request("POST", "/api/rooms/%zz/messages", { text: "hi" }), 400);
  expect(await ada.look()).toEqual(before);
});

test("the stream route answers 403 for another person's inbox and for a room that does not exist", async () => {
  const ada = await visit(await start(), "ada");
  for (const channel of ["users/bo/inbox", "rooms/none", "rooms/lobby%00"]) {
    expect((await ada.request("GET", `/events?channel=${encodeURIComponent(channel)}`)).status, channel).toBe(403);
  }
  expect((await ada.request("GET", "/events?channel=nothing/at/all")).status).toBe(404);
  for (const channel of ["users/ada/inbox", "rooms/lobby", "rooms", "presence"]) {
    expect((await ada.request("HEAD", `/events?channel=${channel}`)).status, channel).toBe(200);
  }
});

test("one person may have 64 open streams", async () => {
  const ada = await visit(await start(), "ada");
  const streams = await Promise.all(Array.from({ length: 64 }, () => ada.request("GET", "/events?channel=presence")));
  expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
  for (const stream of streams) await stream.body?.cancel();
});

test("every answer has the policy that blocks foreign code, and no header names the server software", async () => {
  const url = await start();
  for (const path of ["/healthz", "/api/session", "/api/rooms", "/nothing"]) {
    const { headers } = await fetch(url + path);
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'self'(;|$)/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-powered-by")).toBeNull();
  }
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ ok: true });
  expect(cookieOf(await fetch(`${url}/healthz`))).toBe("");
});
