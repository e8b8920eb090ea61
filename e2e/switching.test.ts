import { createTestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { feeds } from "./contracts.ts";

const feed = (name: string) => feeds.feed({ name });
const onGap = () => {};

test("one more subscription at connectionsPerViewer: the client stays live", async () => {
  await using kit = await createTestKit(feeds, { limits: { connectionsPerViewer: 1 } });
  const heard: number[] = [];
  kit.client.subscribe(feed("a"), { onGap, counted: (number) => heard.push(number) });
  await kit.clock.advance(15_000);
  kit.client.subscribe(feed("b"), { onGap });
  await kit.clock.advance(100);
  for (let number = 0; number < 20; number++) {
    await kit.hub.publish(feed("a"), "counted", number);
    await kit.clock.advance(1_000);
  }
  expect([kit.client.status.value, heard.length]).toEqual([{ state: "live" }, 20]);
});

test("two tabs of a viewer who may have two streams, each subscribes every 20 s", async () => {
  await using kit = await createTestKit(feeds, { limits: { connectionsPerViewer: 2 } });
  const tabs = [kit.client, kit.connect()];
  const live = [0, 0];
  for (const tab of tabs) tab.subscribe(feed("a"), { onGap });
  await kit.clock.advance(15_000);
  for (let turn = 0; turn < 60; turn++) {
    tabs[turn % 2]?.subscribe(feed(`x${turn}`), { onGap });
    for (let second = 0; second < 10; second++) {
      await kit.clock.advance(1_000);
      for (const [index, tab] of tabs.entries()) if (tab.status.value.state === "live") live[index]!++;
    }
  }
  expect(live).toEqual([600, 600]);
});

test("a right to twelve channels ends while a thirteenth is subscribed: it hears of it", async () => {
  let may = true;
  await using kit = await createTestKit(feeds, { authorize: () => may });
  for (let index = 0; index < 12; index++) kit.client.subscribe(feed(`s${index}`), { onGap });
  await kit.clock.advance(100);
  may = false;
  const reasons: string[] = [];
  const newcomer = kit.client.subscribe(feed("new"), { onGap, onClose: (reason) => reasons.push(reason) });
  await kit.clock.advance(10 * 60_000);
  expect([newcomer.status.value.state, reasons]).toEqual(["closed", ["forbidden"]]);
});
