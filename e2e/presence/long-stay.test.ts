import { test } from "vitest";
import { longAbsence, longStay } from "./stories/long-stay.ts";

// The limit is only a guard against a day that does not end.
test.for(Object.entries({ ...longAbsence, ...longStay }))("%s", { timeout: 120_000 }, ([, expectStory], context) =>
  expectStory(context),
);
