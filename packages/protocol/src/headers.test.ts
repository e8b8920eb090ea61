import { expect, test } from "vitest";
import { negotiate, PAGE_HEADERS, PROBLEM_HEADERS, STREAM_HEADERS } from "./headers.ts";

test.each([
  ["no header", null, "stream"],
  ["an empty header", "", "stream"],
  ["curl", "*/*", "stream"],
  ["EventSource", "text/event-stream", "stream"],
  ["a browser's address bar", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "stream"],
  ["a JSON client", "application/json", "page"],
  ["axios and Angular", "application/json, text/plain, */*", "page"],
  ["JSON and anything", "application/json, */*", "page"],
  ["JSON and anything of text", "application/json, text/*", "page"],
  ["the stream and anything", "*/*, text/event-stream", "stream"],
  ["JSON and anything less", "application/json, */*;q=0.5", "page"],
  ["JSON below the stream", "text/event-stream, application/json;q=0.9", "stream"],
  ["the stream below JSON", "application/json, text/event-stream;q=0.9", "page"],
  ["both equal", "application/json;q=0.5, text/event-stream;q=0.5", "stream"],
  ["everything but the stream", "text/event-stream;q=0, */*", "page"],
  ["everything but JSON", "application/json;q=0, */*;q=0.1", "stream"],
  [
    "the specific range before the wide one",
    "*/*, text/*;q=0.2, text/event-stream;q=0.9, application/json;q=0.95",
    "page",
  ],
  ["a type's range", "application/*", "page"],
  ["other cases and spaces", " Application/JSON ; Q=1 , TEXT/*; q=0.3", "page"],
  ["parameters of the media type", "application/json;charset=utf-8;q=1, text/event-stream;q=0.1", "page"],
  ["a quality without its zero", "application/json, text/event-stream;q=.2", "page"],
  ["a malformed quality, read as 1", "text/event-stream;q=high, application/json;q=0.9", "stream"],
  ["a quality above 1, read as 1", "application/json;q=9, text/event-stream", "stream"],
  ["HTML alone", "text/html", null],
  ["both refused", "text/event-stream;q=0, application/json;q=0", null],
  ["everything refused", "*/*;q=0", null],
  ["garbage", ",;,;;q=,/", null],
])("%s gets what it ranks highest: %s → %s", (_, accept, expected) => {
  expect(negotiate(accept)).toBe(expected);
});

test("the headers of a stream forbid proxies and browsers to store, delay, change or sniff it", () => {
  expect(STREAM_HEADERS).toEqual({
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
});

test("pages and problems are never stored", () => {
  expect(PAGE_HEADERS).toMatchObject({ "content-type": "application/json", "cache-control": "no-store" });
  expect(PROBLEM_HEADERS).toMatchObject({ "content-type": "application/problem+json", "cache-control": "no-store" });
});
