import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createKit, inbox } from "../client-kit.ts";

test("twenty requests at once are no leak of listeners to Node", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const kit = createKit();
  const pages = Array.from({ length: 20 }, () => kit.client.history(inbox));
  await kit.clock.advance(0);
  expect(kit.server.pages).toHaveLength(20);
  await setImmediate();
  expect(warnings).toEqual([]);
  kit.client.close();
  const outcomes = await Promise.allSettled(pages);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
});
