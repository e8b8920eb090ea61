import { describe, expect, test } from "vitest";
import { isoDate } from "./codecs.ts";
import { peopleChannel } from "./presence.ts";
import { z } from "zod";
import * as mini from "zod/mini";
import {
  channel,
  ContractError,
  defineContract,
  findEnd,
  findEvent,
  fingerprint,
  latest,
  parseAddress,
  volatile,
} from "./index.ts";

const Message = z.object({ text: z.string() });
const chat = defineContract({
  room: channel(
    "rooms/:roomId",
    {
      message: Message,
      typing: volatile(mini.string()),
      topic: latest(Message, { key: ({ text }) => text, expires: 500 }),
    },
    { snapshot: mini.object({ messages: mini.array(Message) }) },
  ),
  clock: channel("clock", { tick: z.number() }),
});

describe("a contract", () => {
  test("its channels have their name, pattern, events and snapshot", () => {
    expect(Object.keys(chat)).toEqual(["room", "clock"]);
    expect(chat.room.name).toBe("room");
    expect(chat.room.pattern.text).toBe("rooms/:roomId");
    expect(Object.keys(chat.room.events)).toEqual(["message", "typing", "topic"]);
    expect(chat.room.snapshot).toBeDefined();
    expect(chat.clock.snapshot).toBeUndefined();
  });

  test("a bare schema is a reliable event; latest and volatile set the other modes", () => {
    const { message, typing, topic } = chat.room.events;
    expect([message.mode, typing.mode, topic.mode]).toEqual(["reliable", "volatile", "latest"]);
    expect([message.expires, topic.expires]).toEqual([null, 500]);
    expect([message.key({ text: "x" }), typing.key("x"), topic.key({ text: "x" })]).toEqual(["", "", "x"]);
  });

  test("findEnd returns the schema of an end, or says that the channel has none", () => {
    const jobs = defineContract({ job: channel("jobs/:id", {}, { end: Message }), clock: channel("clock", {}) });
    expect(findEnd(jobs, jobs.job({ id: "a" }))).toBe(Message);
    const missing = {
      code: "unknown-event",
      message: expect.stringContaining('Channel "clock": expected a') as unknown,
    };
    expect(() => findEnd(jobs, jobs.clock())).toThrow(expect.objectContaining(missing));
    const foreign = { ...jobs.clock(), name: "job" as const };
    expect(() => findEnd(jobs, foreign)).toThrow(expect.objectContaining({ code: "unknown-channel" }));
  });

  test("findEvent returns a definition, or its error lists what the contract has", () => {
    const lobby = chat.room({ roomId: "lobby" });
    expect(findEvent(chat, lobby, "topic")).toBe(chat.room.events.topic);
    expect(() => findEvent(chat, lobby, "mesage")).toThrow(
      'Channel "room": expected one of message, typing, topic, got "mesage".',
    );
    expect(() => findEvent(chat, { ...lobby, name: "rom" }, "message")).toThrow(
      'Expected an address of this contract (room, clock), got "rom"; make it with the contract\'s channel function.',
    );
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "%s is neither a channel nor an event of it",
    (name) => {
      const lobby = chat.room({ roomId: "lobby" });
      expect(() => findEvent(chat, lobby, name)).toThrow(expect.objectContaining({ code: "unknown-event" }));
      expect(() => findEvent(chat, { ...lobby, name }, "message")).toThrow(
        expect.objectContaining({ code: "unknown-channel" }),
      );
      expect(parseAddress(chat, name)).toBeNull();
      expect(name in chat).toBe(false);
      // This copy is an ordinary object, so it inherits these names.
      expect(() => findEvent({ ...chat }, { ...lobby, name }, "message")).toThrow(
        expect.objectContaining({ code: "unknown-channel" }),
      );
    },
  );

  test("prototype names that an object literal can hold are ordinary names", () => {
    const odd = defineContract({
      constructor: channel("constructor", { toString: Message, valueOf: volatile(Message) }),
    });
    expect(findEvent(odd, odd.constructor(), "toString").mode).toBe("reliable");
    expect(findEvent(odd, odd.constructor(), "valueOf").mode).toBe("volatile");
    expect(parseAddress(odd, "constructor")).toEqual({ name: "constructor", params: {}, path: "constructor" });
  });
});

describe("a definition is refused", () => {
  const missing: never = undefined as never;

  test.each<[string, () => unknown, string]>([
    [
      "for a channel that is not there yet",
      () => defineContract({ room: missing }),
      'Channel "room": expected a channel(…), got undefined (is there a circular import?)',
    ],
    [
      "for a misspelt option of latest",
      () => latest(Message, { keyy: () => "" } as never),
      "latest: expected only key and expires for options, got keyy.",
    ],
    [
      "for a misspelt option of a channel",
      () => channel("x", {}, { snapshott: Message } as never),
      'Channel "x": expected only snapshot and unreadable and end for options, got snapshott.',
    ],
    ["for __proto__ in a literal", () => channel("x", { __proto__: Message } as never), "expected a record of events"],
    [
      "for a schema instead of events",
      () => channel("x", Message as never),
      "expected a record of events, got a schema",
    ],
    [
      "for an event that is not there yet",
      () => channel("x", { message: missing }),
      'expected event "message" to be a schema of zod 4, got undefined (is there a circular import?)',
    ],
    [
      "for a record of schemas instead of one",
      () => channel("x", { events: { message: Message } as never }),
      'expected event "events" to be a schema of zod 4, got object.',
    ],
    [
      "for latest of no schema",
      () => channel("x", { message: latest(missing) }),
      "latest: expected a schema of zod 4, got undefined (is there a circular import?).",
    ],
    ["for volatile of no schema", () => volatile(5 as never), "volatile: expected a schema of zod 4, got number."],
    ["for a pattern that is no text", () => channel(null as never, {}), "channel: expected a pattern such as rooms/:r"],
    ["for events that are no record", () => channel("x", 5 as never), 'Channel "x": expected a record of events, got'],
    ["for a list of events", () => channel("x", [Message] as never), "expected a record of events, got array."],
    ["for options that are no record", () => channel("x", {}, null as never), "expected a record of options, got null"],
    [
      "for options in a map",
      () => latest(Message, new Map() as never),
      "latest: expected a record of options, got map.",
    ],
    [
      "for a contract that is no record",
      () => defineContract(5 as never),
      "defineContract: expected a record of chann",
    ],
    ["for a list of channels", () => defineContract([chat.room] as never), "expected a record of channels, got array."],
    [
      "for an event in place of a channel",
      () => defineContract({ x: latest(Message) } as never),
      'Channel "x": expecte',
    ],
    [
      "for a state that is no schema",
      () => peopleChannel("x", 5 as never),
      "peopleChannel: expected the state to be a",
    ],
  ])("%s", (_, define, message) => {
    expect(define).toThrow(ContractError);
    expect(define).toThrow(
      expect.objectContaining({ code: "bad-contract", message: expect.stringContaining(message) as unknown }),
    );
  });
});

describe("the fingerprint", () => {
  test("is 8 hex digits, and is the same in every release", () => {
    expect(fingerprint(chat)).toBe("ebe3f31e");
    expect(fingerprint({})).toBe("811c9dc5");
    // One in sixteen starts with a zero, which has to stay.
    for (let number = 0; number < 100; number++) {
      expect(fingerprint(defineContract({ only: channel(`c${number}`, {}) }))).toMatch(/^[0-9a-f]{8}$/);
    }
  });

  test("does not depend on the order of keys, on names of channels, or on functions", () => {
    const one = defineContract({
      a: channel("a/:id", { x: Message, y: volatile(Message) }),
      b: channel("b", { z: z.object({ n: z.number().default(() => 1), s: z.string().refine((text) => text !== "") }) }),
    });
    const other = defineContract({
      c: channel("b", {
        z: z.object({ s: z.string().refine((text) => text !== "x"), n: z.number().default(() => 2) }),
      }),
      a: channel("a/:id", { y: volatile(Message), x: Message }),
    });
    expect(fingerprint(other)).toBe(fingerprint(one));
  });

  test("changes with what a schema accepts", () => {
    type Tree = { readonly text: string; readonly leaves: readonly Tree[] };
    const tree = (text: z.ZodType<string>): z.ZodType<Tree> => {
      const self: z.ZodType<Tree> = z.object({ text, leaves: z.array(z.lazy(() => self)) });
      return self;
    };
    const schemas = [
      z.object({ a: z.string() }),
      z.object({ b: z.string() }),
      z.object({ a: z.number() }),
      z.object({ a: z.optional(z.string()) }),
      z.object({ a: z.string().min(2) }),
      z.object({ a: z.string().regex(/x/) }),
      z.object({ a: z.enum(["x", "y"]) }),
      z.object({ a: z.enum(["x", "y", "z"]) }),
      z.object({ a: z.union([z.literal(1n), z.null()]) }),
      z.object({ a: z.union([z.literal(2n), z.null()]) }),
      z.object({ a: isoDate }),
      tree(z.string()),
      tree(z.enum(["x"])),
    ];
    const prints = schemas.flatMap((schema) => [
      fingerprint(defineContract({ only: channel("a", { x: schema }) })),
      fingerprint(defineContract({ only: channel("a", {}, { snapshot: schema }) })),
    ]);
    expect(new Set(prints).size).toBe(2 * schemas.length);
  });

  test("changes with a pattern, an event type, a mode, a snapshot or an end", () => {
    const prints = [
      channel("a", { x: Message }),
      channel("b", { x: Message }),
      channel("a/:id", { x: Message }),
      channel("a", { y: Message }),
      channel("a", { x: Message, y: Message }),
      channel("a", { x: latest(Message) }),
      channel("a", { x: volatile(Message) }),
      channel("a", { x: Message }, { snapshot: Message }),
      channel("a", { x: Message }, { end: Message }),
    ].map((only) => fingerprint(defineContract({ only })));
    expect(new Set(prints).size).toBe(prints.length);
  });
});
