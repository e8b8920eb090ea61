import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chat, type Message } from "@tidings-apps/chat-contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { createTestKit, MemoryNetwork, take } from "@tidings/testing";
import { expect, test } from "vitest";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));

const room = chat.room({ roomId: "lobby" });

function message(text: string): Message {
  return { id: text, number: 1, author: "ada", text, mentions: [], sentAt: new Date(0) };
}

test("a message that is published while the connection is down arrives, once", async () => {
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

test("a room that comes back after a restart and a dead connection has missed nothing", async () => {
  await using kit = await createTestKit(chat, { snapshot: { room: () => ({ messages: [] }) } });
  const texts: string[] = [];
  const other = kit.connect({ id: "bob" });
  for (const client of [kit.client, other])
    client.subscribe(room, { snapshot: () => {}, message: ({ text }) => texts.push(text) });
  await kit.hub.publish(room, "message", message("one"));
  await kit.restartServer();
  await kit.hub.publish(room, "message", message("two"));
  await kit.expectNothingLost();
  kit.network.swallow();
  await kit.hub.publish(room, "message", message("three"));
  await kit.expectNothingLost();
  expect(texts.toSorted()).toEqual(["one", "one", "three", "three", "two", "two"]);
});

test("a stalled connection holds events back, and nobody else's", async () => {
  await using kit = await createTestKit(chat);
  const events = kit.client.events(room);
  kit.network.stall();
  await kit.hub.publish(room, "message", message("late"));
  await kit.clock.advance(1_000);
  kit.network.resume();
  const [event] = await take(events, 1);
  expect(event).toMatchObject({ data: { text: "late", sentAt: new Date(0) } });
});

test("a viewer whose credentials end comes back and goes on", async () => {
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

test("what is lost is named", async () => {
  const whole = memoryLog();
  /** Forgets what is said second, without a word. */
  const log: EventLog = {
    append: (batch) => whole.append(batch),
    async read(...position) {
      const page = await whole.read(...position);
      return { ...page, entries: page.entries.filter(({ seq }) => seq !== 2) };
    },
    recent: (...question) => whole.recent(...question),
    current: (...question) => whole.current(...question),
    head: () => whole.head(),
    watch: (wake) => whole.watch(wake),
    trim: () => whole.trim(),
    stat: () => whole.stat(),
    close: () => whole.close(),
  };
  await using kit = await createTestKit(chat, { log, snapshot: { room: () => ({ messages: [] }) } });
  kit.client.subscribe(room, { snapshot: () => {} });
  for (const text of ["kept", "lost", "kept, too"]) await kit.hub.publish(room, "message", message(text));
  await expect(kit.expectNothingLost()).rejects.toThrow(/never came: rooms\/lobby:message \w+\.2\.$/);
});

test("an iterator of somebody else is refused", async () => {
  await expect(take([1].values() as never, 1)).rejects.toThrow(TypeError);
});

test("the kit works with node:test", async () => {
  const script = fileURLToPath(new URL("test-kit.node.ts", import.meta.url));
  // Node tells the children of its test runner that they are; vitest's are not.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await run(
    process.execPath,
    ["--import", "tsx", "--conditions=@tidings/source", "--test-reporter=tap", "--test", script],
    { env, cwd: HERE },
  );
  expect(stdout).toContain("# pass 1");
  expect(stdout).toContain("# fail 0");
});

test("a request that is given up before it begins is never sent, as with every fetch", async () => {
  const network = new MemoryNetwork();
  network.listener = () => Promise.reject(new Error("Expected no request, got one."));
  const reason = new Error("gone");
  await expect(network.fetch("http://kit/events", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(network.open.size).toBe(0);
});
