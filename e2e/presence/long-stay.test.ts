import { test } from "vitest";
import { longStay } from "./stories/long-stay.ts";

test.for(Object.entries(longStay))("%s", { timeout: 300_000 }, ([, expectStory], context) => expectStory(context));
