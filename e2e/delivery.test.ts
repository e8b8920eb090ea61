import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { systemClock } from "@tidings/protocol/clock";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { chat } from "../packages/client/test/client-kit.ts";
import { until } from "../packages/server/test/until.ts";
import { serveHub } from "./serve-hub.ts";

async function start({ log = memoryLog(), clock = systemClock } = {}) {
  const messages: string[] = [];
  const hub = createHub(chat, {
    log,
    clock,
    authorize: () => true,
    snapshot: { room: () => ({ messages: [...messages] }) },
  });
  const port = await serveHub(hub);
  const client = createClient(chat, { url: `http://127.0.0.1:${port}/events` });
  onTestFinished(() => client.close());
  return { hub, client, messages };
}

test("a published event reaches its handler, after the snapshot and the current values", async () => {
  const { hub, client, messages } = await start();
  const room = chat.room({ roomId: "lobby" });
  await hub.publish(room, "topic", { text: "tea" });
  messages.push("before");
  const seen: unknown[] = [];
  const subscription = client.subscribe(room, {
    snapshot: (state) => seen.push(state.messages),
    message: ({ text }, event) => seen.push([text, event.id !== null]),
    topic: ({ text }) => seen.push(["topic", text]),
    typing: ({ author }) => seen.push(["typing", author]),
  });
  await until(() => subscription.status.value.state === "live");
  await hub.publish(room, "message", { text: "hi" });
  await hub.publish(room, "typing", { author: "ada" });
  await until(() => seen.length === 4);
  expect(seen).toEqual([["before"], ["topic", "tea"], ["hi", true], ["typing", "ada"]]);
});

test("an iterator gets events in order", async () => {
  const { hub, client } = await start();
  const inbox = chat.inbox({ userId: "ada" });
  const events = client.events(inbox);
  await until(() => client.status.value.state === "live");
  for (let index = 0; index < 5; index++) await hub.publish(inbox, "mention", { by: String(index) });
  const seen: string[] = [];
  for await (const event of events) {
    if (event.type === "mention") seen.push(event.data.by);
    if (seen.length === 5) break;
  }
  expect(seen).toEqual(["0", "1", "2", "3", "4"]);
});

test("a live reader gets 3,000 events that are published in one go, without a gap", async () => {
  const { hub, client } = await start();
  const inbox = chat.inbox({ userId: "ada" });
  const gaps: unknown[] = [];
  const seen: string[] = [];
  const subscription = client.subscribe(inbox, {
    mention: ({ by }) => seen.push(by),
    onGap: (gap) => gaps.push(gap),
  });
  await until(() => subscription.status.value.state === "live");
  const expected = Array.from({ length: 3_000 }, (_, index) => String(index));
  await Promise.all(expected.map((by) => hub.publish(inbox, "mention", { by })));
  await until(() => seen.length + gaps.length >= 3_000);
  expect(gaps).toEqual([]);
  expect(seen).toEqual(expected);
});

test.each([
  ["one event", 1],
  ["a hundred events", 100],
])("a live reader gets all that a loop publishes, %s at a time, and the process does other work", async (_, size) => {
  let reads = 0;
  const { hub, client } = await start({
    log: memoryLog({ keep: { entries: 100 }, burst: 200 }),
    // Each look at it takes a millisecond, so a turn of the event loop has time for a few publishes on every machine.
    clock: { ...systemClock, monotonic: () => systemClock.monotonic() + ++reads },
  });
  const inbox = chat.inbox({ userId: "ada" });
  const gaps: unknown[] = [];
  let seen = 0;
  const subscription = client.subscribe(inbox, { mention: () => void seen++, onGap: (gap) => gaps.push(gap) });
  await until(() => subscription.status.value.state === "live");
  // More than the log keeps, of a channel, until its readers had a turn. Each append answers at once.
  const count = 2_000;
  let turns = 0;
  let turn = setImmediate(function next() {
    turns++;
    turn = setImmediate(next);
  });
  for (let first = 0; first < count; first += size) {
    const batch = Array.from({ length: size }, (_each, index) => String(first + index));
    await Promise.all(batch.map((by) => hub.publish(inbox, "mention", { by })));
  }
  clearImmediate(turn);
  expect(turns).toBeGreaterThan(count / 10);
  await until(() => seen + gaps.length >= count || gaps.length > 0);
  expect([gaps, seen]).toEqual([[], count]);
});
