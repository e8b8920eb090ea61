import { expect, test } from "vitest";
import { chat } from "./chat.ts";
import { applyChange, Message, UNCHANGED, type MessageChange } from "./message.ts";

const sent: Message = {
  id: "m",
  number: 1,
  author: "ada",
  text: "hi",
  mentions: [],
  sentAt: new Date(0),
  ...UNCHANGED,
};
const at = new Date(1_000);
const edited = (revision: number, text: string): MessageChange => ({
  type: "edited",
  data: { id: "m", revision, text, mentions: ["bo"], editedAt: at },
});
const reacted = (revision: number, by: string, isOn = true): MessageChange => ({
  type: "reacted",
  data: { id: "m", revision, by, emoji: "👍", isOn },
});
const deleted = (revision: number): MessageChange => ({ type: "deleted", data: { id: "m", revision, deletedAt: at } });
const apply = (...changes: MessageChange[]) => changes.reduce(applyChange, sent);

test("an edit changes the text and the mentions, and a deletion leaves neither text nor reactions", () => {
  expect(apply(edited(1, "hello"))).toEqual({ ...sent, revision: 1, text: "hello", mentions: ["bo"], editedAt: at });
  const gone = { ...sent, revision: 3, text: "", editedAt: at, deletedAt: at };
  expect(apply(edited(1, "hello"), reacted(2, "bo"), deleted(3))).toEqual(gone);
});

test("a reaction counts each person once, and goes away with its last person", () => {
  expect(apply(reacted(1, "bo"), reacted(2, "ada"), reacted(3, "bo")).reactions).toEqual([
    { emoji: "👍", people: ["ada", "bo"] },
  ]);
  expect(apply(reacted(1, "bo"), reacted(2, "bo", false)).reactions).toEqual([]);
});

test("the end of an answer brings its text, and reactions that came before stay", () => {
  const writing: Message = { ...sent, author: "Tea", text: "", answer: { state: "writing" } };
  const answer = { state: "stopped", by: "bo" } as const;
  const answered: MessageChange = { type: "answered", data: { id: "m", revision: 2, text: "One", answer } };
  const after = [reacted(1, "ada"), answered].reduce(applyChange, writing);
  const reactions = [{ emoji: "👍", people: ["ada"] }];
  expect(after).toEqual({ ...writing, revision: 2, text: "One", answer, reactions });
});

test("a change that comes again, or is older than the message, changes nothing", () => {
  const changes = [edited(1, "one"), reacted(2, "bo"), edited(3, "three"), reacted(4, "bo", false)];
  const once = apply(...changes);
  expect(apply(...changes, ...changes)).toEqual(once);
  // As after a snapshot that is newer than the events that follow it.
  for (const change of changes) expect(applyChange(once, change)).toBe(once);
});

test("a message of an older version of the chat has no changes", () => {
  const { id, number, author, text, mentions } = sent;
  const old = { id, number, author, text, mentions, sentAt: sent.sentAt.toISOString() };
  expect(Message.parse(old)).toEqual(sent);
  expect(chat.room.events.edited).toBeDefined();
});
