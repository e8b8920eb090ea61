import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { mapOf } from "./codecs.ts";
import { createEncoder } from "./encoder.ts";
import { ContractError, decode, type Schema } from "./index.ts";

// This package has no types of Node.
const { process, setTimeout } = globalThis as unknown as {
  readonly process: Record<"on" | "off", (event: "unhandledRejection", listener: () => void) => void>;
  readonly setTimeout: (task: () => void) => void;
};

/** Declared as asynchronous. What returns its result is not, and nobody can see what that returns before it runs. */
const reject = async (): Promise<never> => {
  throw new Error("Expected a database, got none.");
};

const throwAtOnce = (): never => {
  throw new Error("Expected a number, got none.");
};

const kinds: [string, (fn: () => Promise<never>) => Schema][] = [
  ["a refinement", (fn) => z.string().refine(fn)],
  ["a refinement of zod/mini", (fn) => mini.string().check(mini.refine(fn))],
  ["a check", (fn) => z.string().check(fn)],
  ["a check of zod/mini", (fn) => mini.string().check(fn)],
  ["a custom schema", (fn) => z.custom<string>(fn)],
  ["the decoding of a codec", (fn) => z.codec(z.string(), z.string(), { decode: fn, encode: (text) => text })],
  ["the encoding of a codec", (fn) => z.codec(z.string(), z.string(), { decode: (text) => text, encode: fn })],
  ["a codec in an object", (fn) => z.object({ a: z.codec(z.string(), z.string(), { decode: fn, encode: fn }) })],
  [
    "an item before one that throws",
    (fn) => {
      const thrower = z.codec(z.unknown(), z.unknown(), { decode: throwAtOnce, encode: throwAtOnce });
      return z.tuple([z.codec(z.string(), z.string(), { decode: fn, encode: fn }), thrower]);
    },
  ],
  ["a codec in a pipe", (fn) => z.string().pipe(z.codec(z.string(), z.string(), { decode: fn, encode: fn }))],
  ["a key of an object", (fn) => z.object({ a: z.object({ b: z.optional(z.string().refine(fn)) }) })],
  ["the rest of an object", (fn) => z.object({}).catchall(z.string().refine(fn))],
  ["an item", (fn) => z.array(z.tuple([z.number(), z.string().refine(fn)]))],
  ["an option", (fn) => z.union([z.number(), z.object({ a: z.string().refine(fn) })])],
  ["a side of an intersection", (fn) => z.intersection(z.object({ a: z.string() }), z.object({}).refine(fn))],
  ["the key of a record", (fn) => z.record(z.string().refine(fn), z.string())],
  ["the value of a map", (fn) => mapOf(z.string(), z.string().refine(fn))],
  [
    "a schema that refers to itself",
    (fn) => {
      const node: z.ZodType = z.object({ a: z.lazy(() => z.nullable(node)) }).refine(fn);
      return node;
    },
  ],
  ["a property", (fn) => z.string().check(z.property("length", z.number().refine(fn)))],
];

/** zod hides the function in one of its own. */
const hidden: (typeof kinds)[number] = ["what zod wraps", (fn) => z.string().superRefine(fn)];

/** Some data for each of them. */
const samples: readonly unknown[] = [
  "x",
  { a: { b: "x" } },
  { a: "x" },
  ["x", "y"],
  { a: null },
  [[1, "x"]],
  [["x", "y"]],
  new Map([["x", "y"]]),
];

function failure(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return null;
}

describe("an asynchronous function of a schema", () => {
  test.each(kinds)("as %s is refused before it runs", (_, make) => {
    const error = failure(() => createEncoder(make(reject), "room.message"));
    expect(error).toBeInstanceOf(ContractError);
    expect(error).toMatchObject({
      code: "bad-contract",
      message: expect.stringMatching(/^room\.message: .* asynchronous .*; ask others before you publish\.$/) as unknown,
    });
  });
});

test("a promise on the decoded side of a codec is refused", () => {
  const schema = z.codec(z.string(), z.promise(z.string()), { decode: async (text) => text, encode: String });
  expect(() => createEncoder(schema, "room.message")).toThrow("asynchronous");
});

describe("a function of a schema that returns a promise, which rejects,", () => {
  test.each([...kinds, hidden])(
    "as %s is refused when it runs, and rejects nothing that nobody handles",
    async (_, make) => {
      // A promise that nobody handles fails the run of the tests, too.
      const unhandled = vi.fn<() => void>();
      process.on("unhandledRejection", unhandled);
      // Not `vi.fn`: it handles the promises.
      let calls = 0;
      const schema = make(() => {
        calls++;
        return reject();
      });
      const encode = createEncoder(schema, "room.message");
      // Once more: a second hub may have the same contract.
      createEncoder(schema, "room.message");
      const errors = samples.flatMap((sample) => [
        failure(() => encode(sample)),
        failure(() => decode(schema, sample, "room.message")),
      ]);
      expect(calls).toBeGreaterThan(0);
      await new Promise<void>((resolve) => setTimeout(resolve));
      process.off("unhandledRejection", unhandled);
      expect(unhandled).not.toHaveBeenCalled();
      expect(errors.map(String).join()).toMatch(/expected a synchronous schema|Promise/);
    },
  );
});
