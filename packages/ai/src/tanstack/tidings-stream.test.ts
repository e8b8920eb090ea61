import { EventType, type StreamChunk } from "@tanstack/ai";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { ai } from "../../test/contract.ts";
import { tidingsStream, type TidingsStreamOptions } from "./tidings-stream.ts";

const run = ai.run({ chatId: "c", runId: "r" });

function openHub() {
  const hub = createHub(ai, { log: memoryLog(), authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  return hub;
}

/** A stream of a request: one with an offset reads the run, and one without begins it. */
function open(hub = openHub(), offset: string | null = null, options: Partial<TidingsStreamOptions<typeof ai>> = {}) {
  const url = `http://app.test/api/chat?runId=r${offset === null ? "" : `&offset=${offset}`}`;
  return tidingsStream(hub, new Request(url), { run, ...options });
}

const chunkOf = (name: string): StreamChunk => ({ type: EventType.CUSTOM, name, timestamp: 0 });

test("a page that waits for the beginning of a run hears at once that the hub closes", async () => {
  const hub = openHub();
  const read = async () => {
    const stream = await open(hub, "-1", { firstChunkDeadlineMs: 60_000 });
    return stream.read("-1")[Symbol.asyncIterator]().next();
  };
  const waiting = read();
  const closed = hub.close();
  await expect(waiting).rejects.toThrow("Expected a run at chats/c/runs/r, got a hub that closes; ask again.");
  await closed;
  await expect(read()).rejects.toThrow("got a hub that closes");
});

test("after a batch with something that is no chunk, the next one has the offsets that its readers get", async () => {
  const stream = await open();
  await expect(stream.append([chunkOf("a"), { name: "b" } as never, chunkOf("c")])).rejects.toThrow("to be an object");
  const offsets = await stream.append([chunkOf("d"), chunkOf("e")]);
  const stored = (await stream.snapshot?.()) ?? [];
  const isNewest = (_: unknown, index: number) => index >= stored.length - 2;
  expect(stored.filter(isNewest)).toEqual([
    { offset: offsets[0], chunk: chunkOf("d") },
    { offset: offsets[1], chunk: chunkOf("e") },
  ]);
});

test("each method of a stream works without its object", async () => {
  const hub = openHub();
  const { resumeFrom, append, read, snapshot, close } = { ...(await open(hub)) };
  const chunk = chunkOf("a");
  expect(resumeFrom()).toBeNull();
  const [offset] = await append([chunk]);
  expect(await snapshot?.()).toContainEqual({ offset, chunk });
  await close?.();
  const stored = [];
  for await (const each of read("-1")) stored.push(each);
  expect(stored).toContainEqual({ offset, chunk });
});

test.for([Number.NaN, -1])("a deadline of %d milliseconds is refused", async (firstChunkDeadlineMs) => {
  await expect(open(openHub(), "-1", { firstChunkDeadlineMs })).rejects.toThrow(
    `Expected "firstChunkDeadlineMs" to be a number from 0 to Infinity, got ${firstChunkDeadlineMs}.`,
  );
});

test.for([undefined, null, {}, "http://app.test/"])("%j in place of a request is refused", async (request) => {
  const opening = tidingsStream(openHub(), request as never, { run });
  await expect(opening).rejects.toThrow('Expected "request" to have a method "clone", got');
});

test("a page that waits for the beginning of a run does not ask the log again and again", async () => {
  const hub = openHub();
  const loops = vi.spyOn(hub, "events");
  const stream = await open(hub, "-1", { firstChunkDeadlineMs: 300 });
  const first = stream.read("-1")[Symbol.asyncIterator]().next();
  await expect(first).rejects.toThrow("got nothing within 300 ms");
  // What there is, what comes, and what there is then.
  expect(loops).toHaveBeenCalledTimes(3);
});
