import { expect, test } from "vitest";
import { faultOf, stories } from "./stories/index.ts";

test.each(Object.keys(stories))("%s", async (name) => {
  expect(await faultOf(name)).toBeNull();
});
