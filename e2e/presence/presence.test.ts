import { describe, test } from "vitest";
import { stories } from "./stories/index.ts";

const { "a long stay": _longStay, "a long absence": _longAbsence, ...quick } = stories;

describe.for(Object.entries(quick))("%s", ([, ofSubject]) => {
  test.for(Object.entries(ofSubject))("%s", ([, expectStory], context) => expectStory(context));
});
