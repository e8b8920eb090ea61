import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLength } from "./byte-length.ts";

test("a text has as many bytes as its UTF-8", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(byteLength(text)).toBe(encoder.encode(text).length);
    }),
  );
  expect(["", "a", "é", "語", "😀"].map(byteLength)).toEqual([0, 1, 2, 3, 4]);
});
