import { join } from "node:path";
import type { Message } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { visit, type Visitor } from "./chat.ts";
import { expectProblem } from "./problem.ts";
import { startTestChat } from "./start-test-chat.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const THUMB = encodeURIComponent("👍");

/** Ada and Bo in a chat with a file. */
async function enter(): Promise<[ada: Visitor, bo: Visitor]> {
  const { url } = await startTestChat({ log: { kind: "sqlite", path: join(await temporaryFolder(), "chat.db") } });
  return [await visit(url, "ada"), await visit(url, "bo")];
}

/** Posts a message to the lobby. Returns its path. */
async function post(who: Visitor, text: string): Promise<string> {
  const response = await who.request("POST", "/api/rooms/lobby/messages", { text });
  // The API answers with the message.
  const { message } = (await response.json()) as { message: { id: string } };
  return `/api/rooms/lobby/messages/${message.id}`;
}

/** The messages of the lobby's snapshot. */
async function messagesFor(who: Visitor): Promise<Message[]> {
  const { state } = await who.look();
  return (state["rooms/lobby"] as { messages: Message[] }).messages;
}

/** The changes of messages in the log. */
async function changesFor(who: Visitor): Promise<string[]> {
  const { events } = await who.look();
  return events.map(({ type }) => type).filter((type) => ["edited", "deleted", "reacted"].includes(type));
}

const mentionsOf = async (who: Visitor, name: string) =>
  ((await who.look()).state[`users/${name}/inbox`] as { mentions: { text: string }[] }).mentions.map(
    ({ text }) => text,
  );

test("the author edits a message: the row, the event and the snapshot have the new text", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "helo");
  const answer = await ada.request("PATCH", path, { text: "hello @bo" });
  const edited = { text: "hello @bo", mentions: ["bo"], revision: 1, editedAt: expect.any(String) as unknown };
  expect([answer.status, await answer.json()]).toMatchObject([200, { message: edited }]);
  expect(await messagesFor(bo)).toMatchObject([edited]);
  expect((await bo.look()).events.find(({ type }) => type === "edited")).toMatchObject({ data: edited });
  // The same text again is no change.
  expect((await ada.request("PATCH", path, { text: "hello @bo" })).status).toBe(200);
  expect(await changesFor(bo)).toEqual(["edited"]);
});

test("an edit of a text that was changed meanwhile is refused with 409, and nothing is overwritten", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "tea");
  const edit = (text: string, expects?: string) => ada.request("PATCH", path, { text, expects });
  const statuses = (await Promise.all([edit("green tea", "tea"), edit("black tea", "tea")])).map(
    ({ status }) => status,
  );
  expect(statuses.sort((one, other) => one - other)).toEqual([200, 409]);
  const [{ text: stored } = { text: "" }] = await messagesFor(bo);
  expect(await expectProblem(await edit("no tea", "tea"), 409)).toBe(
    `Expected the text to be "tea", got "${stored}", which somebody has written meanwhile; nothing is saved.`,
  );
  // The same edit once more, after an answer that was lost.
  expect((await edit(stored, "tea")).status).toBe(200);
  expect((await edit("no tea", stored)).status).toBe(200);
  // Older pages do not say what they have seen.
  expect((await edit("coffee")).status).toBe(200);
  expect(await changesFor(bo)).toEqual(["edited", "edited", "edited"]);
});

test("the author deletes a message: no text is left in the snapshot, and its number stays taken", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "oops");
  await bo.request("PUT", `${path}/reactions/${THUMB}`);
  expect((await ada.request("DELETE", path)).status).toBe(204);
  expect((await ada.request("DELETE", path)).status).toBe(204);
  const deletedAt = expect.any(String) as unknown;
  expect(await messagesFor(bo)).toMatchObject([{ number: 1, author: "ada", text: "", reactions: [], deletedAt }]);
  expect(await changesFor(bo)).toEqual(["reacted", "deleted"]);
  await expectProblem(await ada.request("PATCH", path, { text: "back" }), 404);
  await expectProblem(await bo.request("PUT", `${path}/reactions/${THUMB}`), 404);
  await ada.say("next");
  expect((await messagesFor(bo)).map(({ number }) => number)).toEqual([1, 2]);
});

test("everybody can react with an emoji, once, and can take it back", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "hi");
  for (const who of [ada, bo, bo]) expect((await who.request("PUT", `${path}/reactions/${THUMB}`)).status).toBe(200);
  expect(await messagesFor(ada)).toMatchObject([{ revision: 2, reactions: [{ emoji: "👍", people: ["ada", "bo"] }] }]);
  for (let attempt = 0; attempt < 2; attempt++) await ada.request("DELETE", `${path}/reactions/${THUMB}`);
  expect(await messagesFor(ada)).toMatchObject([{ revision: 3, reactions: [{ emoji: "👍", people: ["bo"] }] }]);
  expect(await changesFor(bo)).toEqual(["reacted", "reacted", "reacted"]);
});

test("only the author edits and deletes; a refused change stores and publishes nothing", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "hi");
  const before = await ada.look();
  await expectProblem(await bo.request("PATCH", path, { text: "not yours" }), 403);
  await expectProblem(await bo.request("DELETE", path), 403);
  for (const text of ["", "  ", "x".repeat(2_001), 1, null]) {
    await expectProblem(await ada.request("PATCH", path, { text }), 400);
  }
  for (const emoji of ["x", "%F0%9F%92%A9", "__proto__", `${THUMB}${THUMB}`]) {
    await expectProblem(await ada.request("PUT", `${path}/reactions/${emoji}`), 400);
  }
  for (const other of ["/api/rooms/lobby/messages/none", path.replace("lobby", "none")]) {
    await expectProblem(await ada.request("PATCH", other, { text: "hi" }), 404);
    await expectProblem(await ada.request("DELETE", other), 404);
    await expectProblem(await ada.request("PUT", `${other}/reactions/${THUMB}`), 404);
  }
  expect(await ada.look()).toEqual(before);
});

test("unread mentions follow an edit and a deletion", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "hi @bo");
  await ada.request("PATCH", path, { text: "hello @bo" });
  expect(await mentionsOf(bo, "bo")).toEqual(["hello @bo"]);
  await ada.request("PATCH", path, { text: "hello everybody" });
  expect(await mentionsOf(bo, "bo")).toEqual([]);
  await ada.request("PATCH", path, { text: "hello again @bo" });
  expect(await mentionsOf(bo, "bo")).toEqual(["hello again @bo"]);
  await ada.request("DELETE", path);
  expect(await mentionsOf(bo, "bo")).toEqual([]);
  const inbox = (await bo.look()).events.map(({ type }) => type).filter((type) => /mention/.test(type));
  expect(inbox).toEqual(["mention", "mention", "unmentioned", "mention", "unmentioned"]);
  // Somebody who has read the message is not called back to it.
  const second = await post(ada, "second");
  await bo.request("PUT", "/api/rooms/lobby/read", { number: 2 });
  await ada.request("PATCH", second, { text: "second @bo" });
  expect(await mentionsOf(bo, "bo")).toEqual([]);
});

test("changes of one message at the same time are numbered without holes", async () => {
  const [ada, bo] = await enter();
  const path = await post(ada, "hi");
  const emoji = ["👍", "❤️", "😂", "🎉", "😮", "😢"].map(encodeURIComponent);
  await Promise.all([ada, bo].flatMap((who) => emoji.map((each) => who.request("PUT", `${path}/reactions/${each}`))));
  expect(await messagesFor(ada)).toMatchObject([{ revision: 12 }]);
  const { events } = await ada.look();
  const revisions = events.filter(({ type }) => type === "reacted").map(({ data }) => (data as Message).revision);
  expect(revisions).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
});
