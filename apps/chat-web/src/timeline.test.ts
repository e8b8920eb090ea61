import { UNCHANGED, type Message, type MessageChange } from "@tidings-apps/chat-contract";
import { expect, test } from "vitest";
import { MAX_KEPT, Timeline } from "./timeline.ts";

const noon = new Date(2026, 0, 1, 12).getTime();
const message = (number: number, author = "ada", minute = 0): Message => ({
  id: `m${number}`,
  number,
  author,
  text: "hi",
  mentions: [],
  sentAt: new Date(noon + minute * 60_000),
  ...UNCHANGED,
});
const numbers = (timeline: Timeline): number[] => timeline.messages.map(({ number }) => number);

test("snapshots, events and history can come in any order, and each message is kept once", () => {
  const timeline = new Timeline();
  timeline.replace([message(5), message(6)]);
  timeline.add([message(6), message(7)]);
  timeline.add([message(3), message(4), message(5)]);
  expect(numbers(timeline)).toEqual([3, 4, 5, 6, 7]);
  expect([timeline.oldest, timeline.newest]).toEqual([3, 7]);
  timeline.replace([]);
  expect([timeline.oldest, timeline.newest]).toEqual([Number.POSITIVE_INFINITY, 0]);
});

test("each answer has a byline of its own, and its row has the words that have come so far", () => {
  const timeline = new Timeline();
  const answer = { state: "writing" } as const;
  timeline.add([1, 2].map((number) => ({ ...message(number, "Tea"), text: "", answer })));
  const rows = timeline.rows(null, (id) => (id === "m2" ? "so far" : null));
  expect(rows.map(({ sharesByline, written }) => [sharesByline, written])).toEqual([
    [false, null],
    [false, "so far"],
  ]);
});

test("one author shares a byline for five minutes, within one day, and not across the line", () => {
  const timeline = new Timeline();
  timeline.add([
    message(1, "ada", 0),
    message(2, "ada", 4),
    message(3, "ada", 9),
    message(4, "bo", 9),
    message(5, "bo", 10),
    message(6, "bo", 11),
    message(7, "bo", 24 * 60),
  ]);
  const rows = timeline.rows(4);
  expect(rows.filter(({ sharesByline }) => sharesByline).map((row) => row.message.number)).toEqual([2, 6]);
  expect(rows.filter(({ startsDay }) => startsDay).map((row) => row.message.number)).toEqual([1, 7]);
  expect(rows.filter(({ startsNew }) => startsNew).map((row) => row.message.number)).toEqual([5]);
  expect(timeline.rows(null).some(({ startsNew }) => startsNew)).toBe(false);
});

const deleted = (number: number, revision: number): MessageChange => ({
  type: "deleted",
  data: { id: `m${number}`, revision, deletedAt: new Date(noon) },
});

test("a message keeps its newest state, whichever copy of it comes last", () => {
  const timeline = new Timeline();
  timeline.add([message(1), message(2)]);
  timeline.change([deleted(1, 1)]);
  timeline.add([message(1), { ...message(2), text: "new", revision: 2 }]);
  timeline.change([deleted(2, 2)]);
  expect(timeline.messages.map(({ text, revision }) => [text, revision])).toEqual([
    ["", 1],
    ["new", 2],
  ]);
});

test("a change that comes before its message is applied when the message comes", () => {
  const timeline = new Timeline();
  timeline.replace([message(2)]);
  timeline.change([deleted(1, 1)]);
  expect(numbers(timeline)).toEqual([2]);
  timeline.add([message(1)]);
  expect(timeline.messages.map(({ text }) => text)).toEqual(["", "hi"]);
});

test("the oldest messages are removed if there are too many", () => {
  const timeline = new Timeline();
  timeline.add(Array.from({ length: MAX_KEPT + 3 }, (_, index) => message(index + 1)));
  expect(timeline.trim()).toBe(true);
  expect(timeline.oldest).toBe(4);
  expect(timeline.trim()).toBe(false);
});
