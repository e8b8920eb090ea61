import { expect, test } from "vitest";
import { faultOf, names } from "./stories.ts";

test.each(names)("%s", async (name) => {
  expect(await faultOf(name)).toBeNull();
});
