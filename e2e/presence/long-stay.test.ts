import { test } from "vitest";
import { longAbsence, longStay } from "./stories/long-stay.ts";

// A day of virtual time takes about a second. The limit is only for a clock that does not come to its end.
test.for(Object.entries({ ...longAbsence, ...longStay }))("%s", { timeout: 120_000 }, ([, expectStory], context) =>
  expectStory(context),
);
