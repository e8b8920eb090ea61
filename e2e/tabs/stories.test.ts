import { describe, test } from "vitest";
import { stories, type Story } from "./stories/index.ts";

describe.for(Object.entries(stories))("%s", ([, told]) => {
  test.for(Object.entries<Story>(told))("%s", ([, expectStory]) => expectStory());
});
