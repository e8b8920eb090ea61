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
    const events = kept.slice(-Math.min(most, options.last)).map((data) => ({ id: String(data.number), data }));
    return Promise.resolve({ events, more: events.length < kept.length });
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
