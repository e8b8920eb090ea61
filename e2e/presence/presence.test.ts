import { describe, test } from "vitest";
import { stories } from "./stories/index.ts";

const { "a long stay": _longStay, "a long absence": _longAbsence, ...quick } = stories;

describe.for(Object.entries(quick))("%s", ([, told]) => {
  test.for(Object.entries(told))("%s", ([, expectStory], context) => expectStory(context));
});
