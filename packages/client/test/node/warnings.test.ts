import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { chat, createKit, inbox } from "../client-kit.ts";

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

test("twenty subscriptions, requests and waits with one signal are no leak of listeners to Node", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const kit = createKit();
  const leaving = new AbortController();
  const { signal } = leaving;
  const addresses = Array.from({ length: 20 }, (_, index) => chat.inbox({ userId: `person ${index}` }));
  const subscriptions = addresses.map((address) =>
    kit.client.subscribe(address, { mention: () => {}, onGap: () => {} }, { signal }),
  );
  const waits = subscriptions.map((subscription) => subscription.reached("e.9", { signal }));
  const pages = addresses.map((address) => kit.client.history(address, { signal }));
  await kit.clock.advance(0);
  leaving.abort();
  const outcomes = await Promise.allSettled([...waits, ...pages]);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  expect(subscriptions.every(({ status }) => status.value.state === "closed")).toBe(true);
  await setImmediate();
  expect(warnings).toEqual([]);
});
