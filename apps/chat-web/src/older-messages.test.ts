import { UNCHANGED, type Message } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { OlderMessages, type HistoryPage } from "./older-messages.ts";
import { Timeline } from "./timeline.ts";

const message = (number: number): Message => ({
  id: `m${number}`,
  number,
  author: "ada",
  text: "hi",
  mentions: [],
  sentAt: new Date(0),
  ...UNCHANGED,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

/** A log with the messages of these numbers. The id of an event is the number of its message. */
const logOf = (from: number, to: number, most = 500) => {
  const requests: unknown[] = [];
  const read = (options: { last: number; before?: string }): Promise<HistoryPage> => {
    requests.push(options);
    const kept = range(from, Math.min(to, Number(options.before ?? to + 1) - 1));
    const messages = kept.slice(-Math.min(most, options.last));
    const oldestEvent = messages[0] && String(messages[0].number);
    return Promise.resolve({ messages, changes: [], oldestEvent, more: messages.length < kept.length });
  };
  return { read, requests };
};

test("the first page covers the messages of the snapshot, and each later page continues from there", async () => {
  const timeline = new Timeline();
  timeline.replace(range(101, 150));
  const log = logOf(1, 150);
  const older = new OlderMessages(timeline, log.read);
  await older.load();
  expect(timeline.oldest).toBe(51);
  expect(older.state).toBe("more");
  await older.load();
  expect(timeline.messages.map(({ number }) => number)).toEqual(range(1, 150).map(({ number }) => number));
  expect(older.state).toBe("beginning");
  expect(log.requests).toEqual([{ last: 100 }, { last: 50, before: "51" }]);
});

test("pages without a new message are skipped until one has a new message", async () => {
  const timeline = new Timeline();
  timeline.replace(range(101, 150));
  const log = logOf(1, 150, 20);
  await new OlderMessages(timeline, log.read).load();
  expect(timeline.oldest).toBe(91);
  expect(log.requests.length).toBe(3);
});

test("messages that the server has trimmed are not shown as the beginning of the room", async () => {
  const timeline = new Timeline();
  timeline.replace(range(101, 150));
  const older = new OlderMessages(timeline, logOf(120, 150).read);
  await older.load();
  expect(older.state).toBe("trimmed");
});

test("a failed load can be tried again, and a reset cancels the current load", async () => {
  const timeline = new Timeline();
  timeline.replace(range(101, 150));
  let isAway = true;
  const log = logOf(1, 150);
  const older = new OlderMessages(timeline, (options) =>
    isAway ? Promise.reject(new Error("Away.")) : log.read(options),
  );
  await older.load();
  expect(older.state).toBe("failed");
  isAway = false;
  const loading = older.load();
  timeline.replace(range(140, 150));
  older.reset();
  await loading;
  expect(timeline.oldest).toBe(140);
  expect(older.state).toBe("more");
});

test("a message of history has the changes that later pages of the log have brought before it", async () => {
  const timeline = new Timeline();
  timeline.replace(range(3, 4));
  const edited = (id: string, revision: number, text: string) => ({
    type: "edited" as const,
    data: { id, revision, text, mentions: [], editedAt: new Date(0) },
  });
  const pages: HistoryPage[] = [
    { messages: range(3, 4), changes: [edited("m1", 2, "third")], oldestEvent: "3", more: true },
    { messages: [], changes: [edited("m1", 1, "second")], oldestEvent: "2", more: true },
    { messages: range(1, 2), changes: [], oldestEvent: "1", more: false },
  ];
  const older = new OlderMessages(timeline, () => Promise.resolve(pages.shift() as HistoryPage));
  await older.load();
  expect(timeline.messages.map(({ text }) => text)).toEqual(["third", "hi", "hi", "hi"]);
  expect(older.state).toBe("beginning");
});
