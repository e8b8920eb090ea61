import { describe, test } from "vitest";
import { expectStory, stories } from "./stories/index.ts";

describe.for(Object.entries(stories))("%s", ([, ofSubject]) => {
  test.for(Object.entries(ofSubject))("%s", ([, story]) => expectStory(story));
});
