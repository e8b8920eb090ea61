import { expect, test } from "vitest";
import { createHeldParts, type Part } from "./held-parts.ts";

/** A part that counts how often somebody asks for its size. */
class CountingPart implements Part {
  looks = 0;
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  get bytes(): number {
    this.looks++;
    return this.#bytes;
  }
}

test("the one that holds most is found without a look at what the others hold", () => {
  const held = createHeldParts<{ parts: readonly CountingPart[] }>();
  const sizes = [500, 8_000, 300, 3_000, 1];
  const holders: { parts: readonly CountingPart[] }[] = sizes.map((bytes) => ({ parts: [new CountingPart(bytes)] }));
  for (const holder of holders) held.add(holder);
  const looks = () => holders.flatMap(({ parts }) => parts.map((part) => part.looks));
  const found: number[] = [];
  for (let before = looks(), largest = held.largest(); largest !== null; largest = held.largest()) {
    expect(looks()).toEqual(before);
    found.push(holders.indexOf(largest));
    held.remove(largest);
    before = looks();
  }
  expect([found, held.bytes()]).toEqual([[1, 3, 0, 2], 1]);
});
