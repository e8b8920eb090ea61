import { channel, defineContract, latest } from "@tidings/contract";
import { isoDate } from "@tidings/contract/codecs";
import type { ClientSubscription } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { createTestKit, take } from "@tidings/testing";
import { EventSource } from "eventsource";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { serveHub } from "./serve-hub.ts";

const contract = defineContract({
  answer: channel("answers/:id", { word: z.string() }, { end: z.object({ words: z.number() }) }),
  job: channel(
    "jobs/:id",
    { line: z.string(), done: latest(z.number()) },
    { snapshot: z.array(z.string()), end: z.string() },
  ),
  room: channel("rooms/:id", { message: z.string() }),
  game: channel("games/:id", { move: z.object({ at: isoDate }) }, { end: z.object({ at: isoDate }) }),
});
const answer = contract.answer({ id: "a" });
const job = contract.job({ id: "a" });
const room = contract.room({ id: "lobby" });

const openKit = () => createTestKit(contract, { snapshot: { job: () => ["state"] } });
type Kit = Awaited<ReturnType<typeof openKit>>;

/** Follows the answer, and notes what comes. */
function follow({ client }: Pick<Kit, "client">, after?: string) {
  const heard: string[] = [];
  const subscription: ClientSubscription = client.subscribe(
    answer,
    {
      word: (word) => heard.push(word),
      onEnd: ({ words }, { id }) => heard.push(`end after ${words}, ${id === null ? "over" : "live"}`),
      onGap: ({ reason }) => heard.push(`gap: ${reason}`),
      onClose: (reason) => heard.push(`closed: ${reason}`),
    },
    after === undefined ? {} : { after },
  );
  return { heard, subscription };
}

describe("a subscription", () => {
  test("hears of the end after everything else, and closes; its path leaves the stream", async () => {
    await using kit = await openKit();
    const { heard, subscription } = follow(kit);
    kit.client.subscribe(room, { onGap: () => {} });
    await kit.clock.advance(2_000);
    await kit.hub.publish(answer, "word", "hello");
    await kit.hub.end(answer, { words: 1 });
    await kit.clock.advance(0);
    expect(heard).toEqual(["hello", "end after 1, live", "closed: ended"]);
    expect(subscription.status.value).toEqual({ state: "closed", reason: "ended", cause: undefined });
    expect(kit.client.status.value).toEqual({ state: "live" });
    await kit.clock.advance(5_000);
    expect(kit.hub.stats().channels).toBe(1);
  });

  test("that comes late hears of the end, whether it begins now or after a position", async () => {
    await using kit = await openKit();
    const { id: first } = await kit.hub.publish(answer, "word", "a");
    await kit.hub.publish(answer, "word", "b");
    const { id: last } = await kit.hub.end(answer, { words: 2 });
    const followers = [follow(kit), follow(kit, first), follow(kit, last)];
    await kit.clock.advance(1_000);
    expect(followers.map(({ heard }) => heard)).toEqual([
      ["end after 2, over", "closed: ended"],
      ["b", "end after 2, live", "closed: ended"],
      ["end after 2, over", "closed: ended"],
    ]);
  });

  test("that was away meanwhile misses nothing, also when the server restarts", async () => {
    await using kit = await openKit();
    const { heard } = follow(kit);
    await kit.clock.advance(2_000);
    kit.network.drop();
    await kit.hub.publish(answer, "word", "a");
    await kit.hub.end(answer, { words: 1 });
    await kit.restartServer();
    await kit.clock.advance(60_000);
    expect(heard).toEqual(["a", "end after 1, live", "closed: ended"]);
  });

  test("that was away for longer than the end is kept gets a gap", async () => {
    let clock: Kit["clock"] | null = null;
    const log = memoryLog({ keep: { age: 10_000 }, now: () => clock?.now() ?? 0 });
    await using kit = await createTestKit(contract, { log, limits: { ringEntries: 1 } });
    ({ clock } = kit);
    const { heard } = follow(kit);
    await kit.clock.advance(2_000);
    // Its client hears nothing for 37.5 seconds, and comes back then.
    kit.network.swallow();
    await kit.hub.end(answer, { words: 0 });
    await kit.clock.advance(20_000);
    await kit.hub.publish(room, "message", "later");
    await kit.clock.advance(60_000);
    expect(heard).toEqual(["gap: trimmed"]);
  });

  test("with a state gets the state, the values, and then the end", async () => {
    await using kit = await openKit();
    await kit.hub.publish(job, "done", 50);
    await kit.hub.end(job, "ok");
    const heard: unknown[] = [];
    kit.client.subscribe(job, {
      snapshot: (lines) => heard.push(...lines),
      done: (percent) => heard.push(percent),
      onEnd: (outcome) => heard.push(outcome),
      onClose: (reason) => heard.push(reason),
    });
    await kit.clock.advance(1_000);
    expect(heard).toEqual(["state", 50, "ok", "ended"]);
  });

  test("whose client cannot read the end is closed all the same", async () => {
    const log = memoryLog();
    await using kit = await createTestKit(contract, { log });
    const reports: string[] = [];
    const { status } = kit.client.subscribe(answer, {
      onEnd: () => expect.unreachable("It cannot be read."),
      onGap: () => {},
      onClose: (reason) => reports.push(reason),
    });
    await log.append([{ channel: answer.path, type: "end", mode: "reliable", data: '{"words":"one"}' }]);
    await kit.clock.advance(2_000);
    expect([status.value.state, reports]).toEqual(["closed", ["ended"]]);
  });
});

describe("a loop", () => {
  test("gives what waits for it, and then returns the end", async () => {
    await using kit = await openKit();
    const loop = kit.client.events(answer, { capacity: 2 });
    await kit.clock.advance(2_000);
    for (const word of ["a", "b", "c", "d"]) await kit.hub.publish(answer, "word", word);
    const { id } = await kit.hub.end(answer, { words: 4 });
    await kit.clock.advance(1_000);
    const words = await take(loop, 4);
    expect(words.map(({ data }) => data)).toEqual(["a", "b", "c", "d"]);
    const last = loop.next();
    await kit.clock.advance(1_000);
    expect(await last).toEqual({
      done: true,
      value: { channel: "answers/a", type: "end", data: { words: 4 }, id },
    });
  });

  test("that comes late returns the end at once", async () => {
    await using kit = await openKit();
    await kit.hub.end(answer, { words: 0 });
    const next = kit.client.events(answer).next();
    await kit.clock.advance(1_000);
    expect(await next).toMatchObject({ done: true, value: { type: "end", data: { words: 0 }, id: null } });
  });
});

test("history has the end beside its events", async () => {
  await using kit = await openKit();
  await kit.hub.publish(answer, "word", "a");
  const before = await kit.client.history(answer);
  const { id } = await kit.hub.end(answer, { words: 1 });
  const after = await kit.client.history(answer);
  expect([before.end, after.end?.id, after.end?.data, after.events.length]).toEqual([null, id, { words: 1 }, 1]);
});

test("the data of an event and of an end is decoded for every reader", async () => {
  await using kit = await openKit();
  const game = contract.game({ id: "a" });
  const [begun, over] = [new Date(0), new Date(1)];
  await kit.hub.publish(game, "move", { at: begun });
  const heard: unknown[] = [];
  const [loop, onServer] = [kit.client.events(game), kit.hub.events(game, { after: null })];
  const reading = (async () => {
    for await (const item of onServer) heard.push(item.kind === "event" || item.kind === "end" ? item.data.at : item);
  })();
  kit.client.subscribe(game, {
    move: ({ at }) => heard.push(at),
    onEnd: ({ at }) => heard.push(at),
    onGap: () => expect.unreachable("Nothing is gone."),
  });
  await kit.clock.advance(2_000);
  // The end that a dead writer leaves is encoded by it, and published by another process.
  const writer = await kit.hub.lease(game, { ttl: 5_000, aborted: { at: over } });
  await writer[Symbol.asyncDispose]();
  await kit.clock.advance(2_000);
  await reading;
  expect(heard).toEqual([begun, over, over]);
  expect((await loop.next()).value).toMatchObject({ type: "end", data: { at: over } });
  expect(await kit.client.history(game)).toMatchObject({
    events: [{ data: { at: begun } }],
    end: { data: { at: over } },
  });
});

test("an EventSource of the platform gets the end, in place and when it comes late", async () => {
  const hub = createHub(contract, {
    log: memoryLog(),
    authorize: () => true,
    snapshot: { job: () => [] },
    onLog: () => {},
  });
  const port = await serveHub(hub);
  const { id } = await hub.publish(answer, "word", "hello");
  const ends = (query: string): Promise<{ data: string; lastEventId: string }> => {
    const source = new EventSource(`http://127.0.0.1:${port}/events?channel=answers/a${query}`);
    onTestFinished(() => source.close());
    return new Promise((resolve) => source.addEventListener("answers/a:end", resolve, { once: true }));
  };
  const live = ends(`&after=${id}`);
  await expect.poll(() => hub.stats().connections, { timeout: 10_000 }).toBe(1);
  const { id: end } = await hub.end(answer, { words: 1 });
  expect(await live).toMatchObject({ data: '{"words":1}', lastEventId: end });
  expect(await ends("")).toMatchObject({ data: '{"words":1}' });
});
