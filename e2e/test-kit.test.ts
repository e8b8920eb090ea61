import { chat, UNCHANGED, type Message } from "@tidings-apps/chat-contract";
import { memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createTestKit, MemoryNetwork, take } from "@tidings/testing";
import { expect, test } from "vitest";
import { runNodeTest } from "./run-node-test.ts";

const room = chat.room({ roomId: "lobby" });

function message(text: string): Message {
  return { id: text, number: 1, author: "ada", text, mentions: [], sentAt: new Date(0), ...UNCHANGED };
}

test("a message that is published while the connection is down arrives once", async () => {
  await using kit = await createTestKit(chat);
  const events = kit.client.events(room);
  kit.network.drop();
  await kit.hub.publish(room, "message", message("hi"));
  kit.network.duplicate();
  await kit.hub.publish(room, "message", message("still there?"));
  expect(await take(events, 2)).toMatchObject([
    { type: "message", data: { text: "hi" } },
    { type: "message", data: { text: "still there?" } },
  ]);
});

test("a job that reads with hub.events is tested without a socket, and goes on after a restart", async () => {
  await using kit = await createTestKit(chat);
  const before = kit.hub.events(room);
  await kit.hub.publish(room, "message", message("1"));
  const [first] = await take(before, 1);
  expect(first).toMatchObject({ kind: "event", data: { text: "1" } });
  await kit.restartServer();
  await kit.hub.publish(room, "message", message("2"));
  const after = kit.hub.events(room, { after: first?.cursor ?? null });
  expect(await take(after, 1)).toMatchObject([{ kind: "event", data: { text: "2" } }]);
  expect(await before.next()).toEqual({ done: true, value: undefined });
});

test("an address of another contract is refused, and the kit goes on", async () => {
  await using kit = await createTestKit(chat);
  const foreign = { ...room, name: "shop" } as unknown as typeof room;
  expect(() => kit.client.subscribe(foreign, { snapshot: () => {} })).toThrow('got "shop"');
  await kit.hub.publish(room, "message", message("hi"));
});

test("onError is looked up with every error", async () => {
  await using kit = await createTestKit(chat, { snapshot: { room: () => ({ messages: [] }) } });
  const errors: string[] = [];
  let onError = (): void => void errors.push("first");
  kit.client.subscribe(room, {
    snapshot: () => {
      throw new Error("no");
    },
    message: () => {
      throw new Error("no");
    },
    get onError() {
      return onError;
    },
  });
  await kit.clock.advance(0);
  onError = () => void errors.push("second");
  await kit.hub.publish(room, "message", message("hi"));
  await kit.clock.advance(0);
  expect(errors).toEqual(["first", "second"]);
});

test("clients miss nothing over a restart and a dead connection", async () => {
  await using kit = await createTestKit(chat, { snapshot: { room: () => ({ messages: [] }) } });
  const texts: string[] = [];
  const other = kit.connect({ id: "bob" });
  for (const client of [kit.client, other]) {
    client.subscribe(room, { snapshot: () => {}, message: ({ text }) => texts.push(text) });
  }
  await kit.hub.publish(room, "message", message("one"));
  await kit.restartServer();
  await kit.hub.publish(room, "message", message("two"));
  await kit.expectNothingLost();
  kit.network.swallow();
  await kit.hub.publish(room, "message", message("three"));
  await kit.expectNothingLost();
  expect(texts.toSorted()).toEqual(["one", "one", "three", "three", "two", "two"]);
});

test("a stalled connection gets its events when it goes on", async () => {
  await using kit = await createTestKit(chat);
  const events = kit.client.events(room);
  kit.network.stall();
  await kit.hub.publish(room, "message", message("late"));
  await kit.clock.advance(1_000);
  kit.network.resume();
  const [event] = await take(events, 1);
  expect(event).toMatchObject({ data: { text: "late", sentAt: new Date(0), ...UNCHANGED } });
});

test("a client whose credentials expire reconnects and misses nothing", async () => {
  await using kit = await createTestKit(chat, { snapshot: { room: () => ({ messages: [] }) } });
  const texts: string[] = [];
  kit.client.subscribe(room, { snapshot: () => {}, message: ({ text }) => texts.push(text) });
  await kit.clock.advance(0);
  await kit.expireViewer();
  expect(kit.client.status.value).toMatchObject({ state: "retrying", reason: "expired" });
  await kit.hub.publish(room, "message", message("back"));
  await kit.expectNothingLost();
  expect(texts).toEqual(["back"]);
});

test("the clock is set, and the machine sleeps: clients miss nothing", async () => {
  await using kit = await createTestKit(chat, { snapshot: { room: () => ({ messages: [] }) } });
  const texts: string[] = [];
  kit.client.subscribe(room, { snapshot: () => {}, message: ({ text }) => texts.push(text) });
  await kit.clock.advance(0);
  const begin = kit.clock.now();
  kit.clock.jump(-3_600_000);
  expect(kit.clock.now()).toBe(begin - 3_600_000);
  await kit.hub.publish(room, "message", message("an hour before"));
  kit.clock.sleep(600_000);
  expect(kit.clock.now()).toBe(begin - 3_000_000);
  await kit.hub.publish(room, "message", message("after the sleep"));
  await kit.expectNothingLost();
  expect(texts).toEqual(["an hour before", "after the sleep"]);
});

test("expectNothingLost names the event that is lost", async () => {
  const whole = memoryLog();
  /** It loses the second entry without reporting a hole. */
  const log = wrapLog(whole, {
    async read(...parameters) {
      const page = await whole.read(...parameters);
      return { ...page, entries: page.entries.filter(({ seq }) => seq !== 2) };
    },
  });
  await using kit = await createTestKit(chat, { log, snapshot: { room: () => ({ messages: [] }) } });
  kit.client.subscribe(room, { snapshot: () => {} });
  for (const text of ["kept", "lost", "kept, too"]) await kit.hub.publish(room, "message", message(text));
  await expect(kit.expectNothingLost()).rejects.toThrow(/never came: rooms\/lobby:message \w+\.2\.$/);
});

test("take refuses an iterator that is not from the kit's client", async () => {
  await expect(take([1].values() as never, 1)).rejects.toThrow(TypeError);
});

test("the kit works with node:test", async () => {
  const output = await runNodeTest("test-kit.node.ts");
  expect(output).toContain("# pass 1");
  expect(output).toContain("# fail 0");
});

test("a request whose signal is aborted before it begins is never sent, as with any fetch", async () => {
  const network = new MemoryNetwork();
  network.listener = () => Promise.reject(new Error("Expected no request, got one."));
  const reason = new Error("gone");
  await expect(network.fetch("http://kit/events", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(network.open.size).toBe(0);
});
