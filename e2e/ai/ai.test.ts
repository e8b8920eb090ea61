import { describe, expect, test } from "vitest";
import { faultOf, stories } from "./stories/index.ts";

describe.for(Object.entries(stories))("%s", ([, told]) => {
  test.for(Object.entries(told))("%s", async ([, story]) => {
    expect(await faultOf(story)).toBeNull();
  });
});
