import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryPath } from "../e2e/temporary-folder.ts";
import { findFaults, record } from "./size-limits.ts";

test("a size that has shrunk or has grown by 4 % passes", () => {
  expect(findFaults({ client: 1_040, server: 900 }, { client: 1_000, server: 1_000 }, {})).toEqual([]);
});

test("a size that has grown by 6 % fails until it is recorded", () => {
  const [fault] = findFaults({ client: 1_060 }, { client: 1_000 }, {});
  expect(fault).toMatch(/^client: expected at most 5 % more than 1000, got 1060; .*`npm run sizes -- --record`/);
  expect(findFaults({ client: 1_060 }, { client: 1_060 }, {})).toEqual([]);
});

test("a size that is not recorded fails, and so does a recorded one of what is gone", () => {
  const [none, stale] = findFaults({ client: 1_000 }, { server: 1_000 }, {});
  expect(none).toMatch(/^client: expected a recorded size for 1000, got none; .*`npm run sizes -- --record`/);
  expect(stale).toMatch(/^server: expected a size, got only a recorded one; .*`npm run sizes -- --record`/);
});

test("a size above its ceiling fails and is not recorded", async () => {
  const file = await temporaryPath("sizes.json");
  writeFileSync(file, "before");
  const faults = record(file, { client: 1_000 }, { client: 999 });
  expect(faults).toEqual(["client: expected at most 999, got 1000; make it smaller."]);
  expect(readFileSync(file, "utf8")).toBe("before");
  expect(record(file, { client: 999 }, { client: 999 })).toEqual([]);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ client: 999 });
});
