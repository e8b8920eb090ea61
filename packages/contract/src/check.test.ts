import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { checkContract, overlaps } from "./check.ts";
import { channel, ContractError, defineContract, latest, MAX_PATH, type ChannelDefinition } from "./index.ts";
import { parsePath, type PathPattern } from "./path.ts";

const Message = z.object({ text: z.string() });
const check = (channels: Record<string, ChannelDefinition>) => () => checkContract(defineContract(channels));
const of = (text: string): PathPattern => channel(text, {}).pattern;

describe("a contract is refused", () => {
  test.each<[string, Record<string, ChannelDefinition>, string]>([
    [
      "when two patterns could make the same path",
      { room: channel("rooms/:id", {}), lobby: channel("rooms/lobby", {}) },
      'Channel "lobby": expected a pattern whose paths "room" (rooms/:id) cannot make, got rooms/lobby.',
    ],
    [
      "for a channel called __proto__",
      { ["__proto__"]: channel("x", {}) },
      'Channel "__proto__": expected another name, got __proto__.',
    ],
    [
      "for an event type with a space",
      { x: channel("x", { "a b": Message }) },
      'Channel "x": expected event types of letters, digits',
    ],
    ["for an event type with a colon", { x: channel("x", { "a:b": Message }) }, 'got "a:b".'],
    ["for an event type that a handler has", { x: channel("x", { onGap: Message }) }, 'got "onGap".'],
    ["for an event type that only an end has", { x: channel("x", { end: Message }) }, 'got "end".'],
    ["for an event type called __proto__", { x: channel("x", { ["__proto__"]: Message }) }, 'got "__proto__".'],
    [
      "for a snapshot that is no schema",
      { x: channel("x", {}, { snapshot: "state" as never }) },
      'Channel "x": expected the snapshot to be a schema',
    ],
    [
      "for an end that is no schema",
      { x: channel("x", {}, { end: "over" as never }) },
      'Channel "x": expected the end to be a schema',
    ],
    [
      "for latest with a key that is no function",
      { x: channel("x", { topic: latest(Message, { key: "a" as never }) }) },
      'Channel "x": expected "key" of "topic" to be a function, got string.',
    ],
    ...[0, -1, NaN, Infinity, "5" as never].map((expires): [string, Record<string, ChannelDefinition>, string] => [
      `for latest that expires in ${String(expires)}`,
      { x: channel("x", { topic: latest(Message, { expires }) }) },
      'Channel "x": expected "expires" of "topic" to be a finite number of milliseconds above 0, or to be left out, ' +
        `got ${String(expires)}.`,
    ]),
    ["for a param that occurs twice", { x: channel(":id/:id", {}) }, 'expected each param once, got ":id" twice.'],
    [
      "for a pattern whose every path is too long",
      { x: channel(`${"x".repeat(MAX_PATH - 1)}/:id`, {}) },
      "expected a path of at most 256 bytes, got 257",
    ],
  ])("%s", (_, channels, message) => {
    expect(check(channels)).toThrow(ContractError);
    expect(check(channels)).toThrow(
      expect.objectContaining({ code: "bad-contract", message: expect.stringContaining(message) as unknown }),
    );
  });

  test.each([
    "",
    "/",
    "rooms/",
    "/rooms",
    "rooms//x",
    "rooms/:",
    "rooms/:1",
    "rooms/:a-b",
    "rooms/.",
    "rooms/..",
    "räume",
    "a b",
    "a%2Fb",
    "a:b",
    "rooms/:__proto__",
  ])("for the pattern %j", (text) => {
    expect(check({ x: channel(text, {}) })).toThrow(`Pattern "${text}": expected segments like`);
  });
});

test("a contract that follows the rules passes, up to the longest pattern", () => {
  const room = channel("rooms/:id", { topic: latest(Message, { expires: 1 }) }, { snapshot: Message });
  expect(check({ room, constructor: channel(`${"x".repeat(MAX_PATH - 2)}/:id`, {}) })).not.toThrow();
});

test("two patterns overlap exactly when at least one path belongs to both", () => {
  const pattern = fc
    .array(fc.constantFrom("a", "b", ":"), { minLength: 1, maxLength: 3 })
    .map((parts) => of(parts.map((part, index) => (part === ":" ? `:p${index}` : part)).join("/")));
  const words = ["a", "b", "c"];
  const pairs = words.flatMap((word) => words.map((next) => `${word}/${next}`));
  const paths = [...words, ...pairs, ...pairs.flatMap((pair) => words.map((word) => `${pair}/${word}`))];
  fc.assert(
    fc.property(pattern, pattern, (one, other) => {
      const shared = paths.some((path) => parsePath(one, path) !== null && parsePath(other, path) !== null);
      expect(overlaps(one, other)).toBe(shared);
      expect(overlaps(other, one)).toBe(shared);
    }),
  );
});
