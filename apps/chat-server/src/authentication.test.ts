import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chat } from "@tidings-apps/chat-contract";
import { createHub, type HubResponse } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { createApp } from "./app.ts";
import { createAuthentication } from "./authentication.ts";
import { react } from "./message-changes.ts";
import type { NewcomerRate } from "./newcomer-limit.ts";
import { post } from "./post.ts";
import { COOKIE, createSessions } from "./sessions.ts";
import { openStorage } from "./storage.ts";
import { openHandle } from "./storage/open-handle.ts";
import { setTopic } from "./topic.ts";

const SECRET = "for tests only";

test("a person who cannot be added because too much waits to be written gets 503, not 500", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidings-authentication-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => void vi.restoreAllMocks());
  const path = join(folder, "chat.db");
  const app = await createApp({ secret: SECRET, log: { kind: "sqlite", path } });
  onTestFinished(() => app.close());
  // While another program writes, everything waits.
  const other = openHandle(path);
  onTestFinished(() => other.close());
  other.exec("begin immediate");

  const sessions = createSessions({ secret: SECRET, hasEnded: async () => false });
  const ask = (name: string): Promise<HubResponse> =>
    app.hub.handle({
      method: "GET",
      url: "/events?channel=rooms&protocol=1",
      headers: new Headers({ cookie: `${COOKIE}=${encodeURIComponent(sessions.begin(name))}` }),
      json: async () => null,
      signal: new AbortController().signal,
      raw: null,
    });
  // One writes, and 256 may wait.
  const waiting = Array.from({ length: 257 }, (_, index) => ask(`person ${index}`));
  const refused = await ask("one too many");
  expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
  other.exec("rollback");
  const statuses = await Promise.all(waiting.map(async (answer) => (await answer).status));
  expect(new Set(statuses)).toEqual(new Set([200]));
});

const HOUR = 3_600_000;

/** The authentication of a chat that knows four people at most, in virtual time. The assistant is one of them. */
async function openSmallChat(newcomers?: NewcomerRate) {
  let time = Date.UTC(2026, 0, 1);
  let passed = 0;
  const empty = async () => ({ messages: [], rooms: [], places: [], mentions: [] });
  const storage = await openStorage({ kind: "memory" }, (log) =>
    createHub(chat, {
      log,
      authorize: () => true,
      snapshot: { room: empty, directory: empty, inbox: empty },
      onLog: () => {},
    }),
  );
  onTestFinished(() => storage.close());
  const now = () => time;
  const sessions = createSessions({ secret: SECRET, hasEnded: async () => false, now });
  const authentication = createAuthentication({
    ...{ sessions, storage, now, elapsed: () => passed, mostPeople: 4 },
    ...(newcomers === undefined ? {} : { newcomers }),
  });
  const { people, memberships, mentions } = storage.tables;
  const signIn = (name: string) => authentication.register(name, "192.0.2.1");
  const authenticate = (name: string) =>
    authentication.authenticate({ cookie: `${COOKIE}=${encodeURIComponent(sessions.begin(name))}` });
  /** A request with a cookie. What it notes is written before it resolves. */
  const come = async (name: string) => {
    const person = await authenticate(name);
    await storage.write(async () => {});
    return person;
  };
  const known = async (...names: string[]) => Promise.all(names.map((name) => people.has(name)));
  const say = (author: string, text: string, ...names: string[]) =>
    storage.write((tx) => post(tx, { id: "lobby", name: "Lobby" }, { author, text, mentions: names }));
  /** Changes the clock by some milliseconds, without that time passes. */
  const setClock = (milliseconds: number) => void (time += milliseconds);
  const pass = (milliseconds: number) => {
    passed += milliseconds;
    setClock(milliseconds);
  };
  return { storage, people, memberships, mentions, authenticate, signIn, come, known, say, pass, setClock };
}

test("when the chat is full, newcomers take the places of those who are away", async () => {
  const { storage, memberships, mentions, signIn, come, known, say, pass } = await openSmallChat();
  const ofBo = { sessionId: "of bo", id: "bo", expiresAt: Date.UTC(2027, 0, 1) };
  await storage.write((tx) => tx.endedSessions.add(ofBo, 0));
  await signIn("ada");
  await signIn("bo");
  await signIn("cy");
  await say("cy", "@bo?", "bo");
  // Nobody is away.
  await expect(signIn("dee")).rejects.toMatchObject({ status: 503, retryAfter: 3_600 });
  expect(await known("ada", "bo", "cy", "dee")).toEqual([true, true, true, false]);
  pass(23 * HOUR);
  await come("ada");
  pass(HOUR);
  expect(await signIn("dee")).toBeNull();
  expect(await known("ada", "bo", "cy", "dee")).toEqual([true, false, true, true]);
  expect([await memberships.of("bo"), await mentions.unread("bo", 10)]).toEqual([[], []]);
  expect(await storage.tables.endedSessions.has(ofBo)).toBe(false);
  expect(await memberships.of("dee")).toEqual([{ roomId: "lobby", joined: true, read: 0 }]);
  // Whoever has a cookie comes back, when there is room.
  await expect(come("bo")).rejects.toMatchObject({ status: 503 });
  pass(24 * HOUR);
  expect(await come("bo")).toMatchObject({ id: "bo" });
  expect(await known("Tea", "ada", "bo", "cy", "dee")).toEqual([true, false, true, true, true]);
});

test("in a database with too many people, each newcomer takes the places of up to a hundred", async () => {
  const { storage, people, signIn, known, pass } = await openSmallChat();
  await storage.write(async (tx) => {
    for (let index = 0; index < 150; index++) await tx.people.add(`person ${index}`);
  });
  pass(24 * HOUR);
  expect([await signIn("ada"), await people.count()]).toEqual([null, 52]);
  expect([await signIn("bo"), await people.count()]).toEqual([null, 4]);
  expect(await known("Tea", "ada", "bo")).toEqual([true, true, true]);
});

test("whoever comes back after a day stays, also when a newcomer looks for a place at the same moment", async () => {
  const { storage, memberships, authenticate, signIn, known, pass } = await openSmallChat();
  for (const name of ["ada", "bo", "cy"]) await signIn(name);
  pass(24 * HOUR);
  // The newcomer is a bit faster, and gets the place of the one who has been away for the longest.
  vi.spyOn(storage, "write").mockImplementationOnce(async (work) => {
    expect(await signIn("dee")).toBeNull();
    return storage.write(work);
  });
  expect(await authenticate("ada")).toMatchObject({ id: "ada" });
  expect(await known("ada", "bo", "cy", "dee")).toEqual([true, false, true, true]);
  expect(await memberships.of("ada")).toHaveLength(1);
});

test("whoever comes back after a day is answered when it is noted that they were seen", async () => {
  const { storage, people, authenticate, signIn, pass } = await openSmallChat();
  await signIn("ada");
  pass(24 * HOUR);
  const before = await people.seenAt("ada");
  await authenticate("ada");
  expect(await people.seenAt("ada")).toBe((before ?? 0) + 24 * HOUR);
  pass(24 * HOUR);
  // Where nothing can be written, people who are known can read all the same.
  vi.spyOn(storage, "write").mockRejectedValue(new Error("disk full"));
  expect(await authenticate("ada")).toMatchObject({ id: "ada" });
});

test("whoever has left their name in the chat keeps it, however long they are away", async () => {
  const { storage, signIn, come, known, say, pass } = await openSmallChat();
  const lobby = { id: "lobby", name: "Lobby" };
  for (const name of ["ada", "bo", "cy"]) await signIn(name);
  const message = await say("ada", "hello");
  await storage.write((tx) => react(tx, { room: lobby, messageId: message.id, person: "bo" }, "👍", true));
  await storage.write((tx) => setTopic(tx, { roomId: lobby.id, text: "tea", by: "cy" }));
  pass(365 * 24 * HOUR);
  await expect(signIn("dee")).rejects.toMatchObject({ status: 503, retryAfter: 3_600 });
  for (const name of ["ada", "bo", "cy"]) {
    expect(await signIn(name.toUpperCase())).toBe(name);
    expect(await come(name)).toMatchObject({ id: name });
  }
  expect(await known("ada", "bo", "cy")).toEqual([true, true, true]);
});

test("new people leave no event, and a person is noted as seen once an hour", async () => {
  const { storage, people, signIn, come, pass } = await openSmallChat();
  await signIn("ada");
  const seenAt = await people.seenAt("ada");
  pass(HOUR - 1);
  await come("ada");
  expect(await people.seenAt("ada")).toBe(seenAt);
  pass(1);
  await Promise.all([come("ada"), come("ada")]);
  expect(await people.seenAt("ada")).toBe((seenAt ?? 0) + HOUR);
  // The position before the first event of the log.
  expect(await storage.newestEvent(chat.inbox({ userId: "ada" }))).toMatch(/\.0$/);
});

test("too many new people of one address get 429, and only those who were added count", async () => {
  const { signIn, known, pass } = await openSmallChat({ burst: 2, interval: 10_000 });
  await signIn("ada");
  for (let count = 0; count < 3; count++) {
    expect(await signIn("ada")).toBeNull();
    expect(await signIn("ADA")).toBe("ada");
  }
  await signIn("bo");
  await expect(signIn("cy")).rejects.toMatchObject({ status: 429, retryAfter: 10 });
  expect(await signIn("ADA")).toBe("ada");
  pass(10_000);
  await signIn("cy");
  // The chat is full.
  pass(10_000);
  for (let count = 0; count < 3; count++) await expect(signIn("dee")).rejects.toMatchObject({ status: 503 });
  pass(24 * HOUR);
  // At the same time: each asks before the others are counted.
  const answers = await Promise.allSettled(["dee", "eve", "flo"].map(signIn));
  expect(answers).toMatchObject([{ value: null }, { value: null }, { reason: { status: 429 } }]);
  expect(await known("ada", "bo", "cy", "dee", "eve", "flo")).toEqual([false, false, true, true, true, false]);
});

test("newcomers are let in again after their time, even if the clock was set back by a day", async () => {
  const { signIn, pass, setClock } = await openSmallChat({ burst: 1, interval: 10_000 });
  await signIn("ada");
  setClock(-24 * HOUR);
  await expect(signIn("bo")).rejects.toMatchObject({ status: 429, retryAfter: 10 });
  pass(10_000);
  expect(await signIn("bo")).toBeNull();
});
