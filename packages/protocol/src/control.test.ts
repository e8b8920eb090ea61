import { expect, test } from "vitest";
import { eventName, formatControl, parseEventName, PROTOCOL_VERSION } from "./control.ts";

test("a control event is a frame whose name has no colon", () => {
  expect(formatControl("hello", { protocol: PROTOCOL_VERSION, heartbeat: 15_000, contract: "9f3c" }, "e.1")).toBe(
    'event: hello\ndata: {"protocol":1,"heartbeat":15000,"contract":"9f3c"}\nid: e.1\n\n',
  );
  expect(formatControl("gap", { channels: { "rooms/lobby": "trimmed" } })).toBe(
    'event: gap\ndata: {"channels":{"rooms/lobby":"trimmed"}}\n\n',
  );
  expect(formatControl("bye", { reason: "draining" })).toBe('event: bye\ndata: {"reason":"draining"}\n\n');
});

test.each(["hello", "heartbeat", "clear", "gap", "bye", "message", ""])("%j is not the name of an event", (name) => {
  expect(parseEventName(name)).toBeNull();
});

test("an event's name is its path and its type", () => {
  expect(eventName("rooms/a%3Ab", "message")).toBe("rooms/a%3Ab:message");
  expect(parseEventName("rooms/a%3Ab:message")).toEqual({ channel: "rooms/a%3Ab", type: "message" });
  expect(parseEventName("__proto__:constructor")).toEqual({ channel: "__proto__", type: "constructor" });
});
