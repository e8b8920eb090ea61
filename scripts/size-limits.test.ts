import { expect, test } from "vitest";
import { countLines, findFaults } from "./size-limits.ts";

test("a size that has shrunk or has grown by 4 % passes", () => {
  expect(findFaults({ client: 1_040, server: 900 }, { client: 1_000, server: 1_000 }, {})).toEqual([]);
});

test("a size that has grown by 6 % fails until it is recorded", () => {
  const [fault] = findFaults({ client: 1_060 }, { client: 1_000 }, {});
  expect(fault).toMatch(/^client: expected at most 5 % more than 1000, got 1060; .*`npm run sizes -- --record`/);
  expect(findFaults({ client: 1_060 }, { client: 1_060 }, {})).toEqual([]);
});

test("a size that is not recorded fails, and the sentence names the command that records it", () => {
  const [fault] = findFaults({ client: 1_000 }, {}, {});
  expect(fault).toMatch(/^client: expected a recorded size for 1000, got none; .*`npm run sizes -- --record`/);
});

test("a size above its ceiling fails, even if it is recorded", () => {
  const faults = findFaults({ client: 1_000 }, { client: 1_000 }, { client: 999 });
  expect(faults).toEqual(["client: expected at most 999, got 1000; make it smaller."]);
});

test("lines of code are neither blank nor only a comment", () => {
  const source = ["/**", " * What it is.", " */", "const a = 1; // one", "", "// why", "/* b */ b();", "/* short */"];
  expect(countLines(source.join("\n"))).toBe(2);
});
