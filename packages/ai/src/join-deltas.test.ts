import { expect, test } from "vitest";
import { joinDeltas } from "./join-deltas.ts";

test.for([
  ["text-delta", "id", "delta"],
  ["reasoning-delta", "id", "delta"],
  ["tool-input-delta", "toolCallId", "inputTextDelta"],
  ["TEXT_MESSAGE_CONTENT", "messageId", "delta"],
  ["REASONING_MESSAGE_CONTENT", "messageId", "delta"],
  ["TOOL_CALL_ARGS", "toolCallId", "delta"],
] as const)("two chunks %s of one text are joined, and of two texts they are not", ([type, of, added]) => {
  const one = { type, [of]: "a", [added]: "Tea ", timestamp: 1, model: "m" };
  const next = { type, [of]: "a", [added]: "is ", timestamp: 2 };
  expect(joinDeltas(one, next)).toEqual({ type, [of]: "a", [added]: "Tea is ", timestamp: 2, model: "m" });
  expect(joinDeltas(one, { ...next, [of]: "b" })).toBe(null);
});

test("other chunks are never joined, nor what is no delta", () => {
  const delta = { type: "text-delta", id: "a", delta: "Tea" };
  expect(joinDeltas(delta, { type: "text-end", id: "a" } as typeof delta)).toBe(null);
  expect(joinDeltas({ type: "data-x" }, { type: "data-x" })).toBe(null);
  // Every object has a member of this name.
  for (const type of ["constructor", "__proto__"]) expect(joinDeltas({ type }, { type })).toBe(null);
  expect(joinDeltas(delta, { ...delta, type: "reasoning-delta" })).toBe(null);
  expect(joinDeltas(delta, { type: "text-delta", id: "a" } as typeof delta)).toBe(null);
});
