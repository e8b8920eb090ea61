import { describe, test } from "vitest";
import { expectStory, stories } from "./stories/index.ts";

describe.for(Object.entries(stories))("%s", ([, told]) => {
  test.for(Object.entries(told))("%s", ([, story]) => expectStory(story));
});
