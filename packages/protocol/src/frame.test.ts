import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatFrame, formatRetry } from "./frame.ts";

test("a frame has an event, data and id line, and a blank line", () => {
  expect(formatFrame("rooms/lobby:message", '{"text":"hi"}', "e.1")).toBe(
    'event: rooms/lobby:message\ndata: {"text":"hi"}\nid: e.1\n\n',
  );
});

test("a frame without an id has the same bytes, but for the id line", () => {
  const withId = formatFrame("a:b", "1", "e.1");
  expect(formatFrame("a:b", "1", null)).toBe(withId.replace("id: e.1\n", ""));
});

test("CR, LF and NUL are refused in an event's name and in an id", () => {
  for (const bad of ["\r", "\n", "\0", "\r\n"]) {
    for (const text of [bad, `a${bad}`, `${bad}a`, `a${bad}id: 666`]) {
      expect(() => formatFrame(text, "1", "e.1")).toThrow(TypeError);
      expect(() => formatFrame("a:b", "1", text)).toThrow(TypeError);
    }
  }
});

test("JSON with indentation becomes one data line with equal data", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(2, "\t"), fc.constantFrom("\n", "\r\n", "\r"), (value, indent, end) => {
      const json = JSON.stringify(value, null, indent).replaceAll("\n", end);
      const lines = formatFrame("a:b", json, "e.1").split("\n");
      expect(lines).toHaveLength(5);
      expect(JSON.parse(lines[1]?.slice("data: ".length) ?? "")).toEqual(JSON.parse(json));
    }),
  );
});

test("a retry is a line of digits that belongs to the block after it", () => {
  expect(formatRetry(3_170)).toBe("retry: 3170\n");
  expect(formatRetry(0.4)).toBe("retry: 0\n");
  expect(formatRetry(2 ** 31 - 1)).toBe("retry: 2147483647\n");
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 1e21])("a retry of %d ms is refused", (milliseconds) => {
  expect(() => formatRetry(milliseconds)).toThrow(RangeError);
});
