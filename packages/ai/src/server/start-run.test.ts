import { AppendError, memoryLog, type EventLog, type NewEntry } from "@tidings/log";
import { createHub, type Hub, type LeaseError } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test } from "vitest";
import { ai } from "../../test/contract.ts";
import { sharedLog } from "../../test/shared-log.ts";
import type { Chunk } from "../run.ts";
import { startRun, type Produce } from "./start-run.ts";

const chat = ai.chat({ chatId: "c" });
const run = ai.run({ chatId: "c", runId: "r" });
const word = (text: string) => ({ type: "text-delta", id: "t", delta: text });

/** A process on a log, in virtual time. */
function startProcess({
  log = memoryLog(),
  clock = new VirtualClock(),
}: { log?: EventLog; clock?: VirtualClock } = {}) {
  const hub = createHub(ai, { log, authorize: () => false, onLog: () => {}, clock });
  const errors: unknown[] = [];
  const start = (produce: Produce, place = run) =>
    startRun(hub, { chat, run: place, clock, ttl: 5_000, onError: (error) => void errors.push(error) }, produce);
  onTestFinished(async () => {
    const closed = hub.close();
    await clock.advance(60_000);
    await closed;
  });
  return { hub, clock, errors, start };
}

/** A process whose log refuses everything as long as a test says so. */
function startProcessOnFailingLog() {
  const clock = new VirtualClock();
  const log = sharedLog(clock.now);
  const disk = { isFull: (_append: number): boolean => false };
  let appends = 0;
  async function append(batch: Parameters<EventLog["append"]>[0]) {
    if (disk.isFull(appends++)) throw new AppendError("none", "The disk is full.");
    return log.append(batch);
  }
  return { disk, ...startProcess({ log: { ...log, append }, clock }) };
}

/** A model that a test speaks through. It hears the signal, or ignores it. */
function fakeModel() {
  let controller: ReadableStreamDefaultController<Chunk> | null = null;
  const model = {
    signal: new AbortController().signal,
    isCancelled: false,
    say: (text: string) => controller?.enqueue(word(text)),
    finish: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
    produce: (({ signal }) => {
      model.signal = signal;
      return new ReadableStream<Chunk>({
        start: (given) => void (controller = given),
        cancel: () => void (model.isCancelled = true),
      });
    }) satisfies Produce,
  };
  return model;
}

/** A model that neither pauses nor hears its signal. */
async function* endless() {
  for (;;) {
    yield word("tea ");
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A log that refuses the first batch with such an entry: its disk is full for a moment. */
function refuseOnce(isRefused: (entry: NewEntry) => boolean, clock: VirtualClock): EventLog {
  const log = sharedLog(clock.now);
  let refusals = 0;
  return {
    ...log,
    async append(batch) {
      if (batch.some(isRefused) && refusals++ === 0) throw new AppendError("none", "The disk is full.");
      return log.append(batch);
    },
  };
}

/** Everything of a run: its texts, and its end. */
async function readAll(hub: Hub<typeof ai>, place = run) {
  const batches: string[][] = [];
  for await (const item of hub.events(place, { after: null })) {
    if (item.kind === "end") return { batches, end: item.data };
    if (item.kind !== "event") throw new Error(item.kind);
    batches.push(item.data.chunks.map((chunk) => ("delta" in chunk ? String(chunk.delta) : chunk.type)));
  }
  return { batches, end: null };
}

/** The newest value of the chat. */
async function activeRunOf(hub: Hub<typeof ai>) {
  for await (const item of hub.events(chat, { after: null })) {
    if (item.kind === "event") return item.data;
  }
  return null;
}

test("the chunks of 50 ms are one event, and the end comes after the last one", async () => {
  const { hub, clock, start } = startProcess();
  const model = fakeModel();
  const { isNew, ended } = await start(model.produce);
  expect(await activeRunOf(hub)).toEqual({ runId: "r" });
  for (const text of ["a", "b", "c", "d"]) {
    model.say(text);
    await clock.advance(20);
  }
  model.finish();
  await clock.advance(100);
  await ended;
  expect(isNew).toBe(true);
  const { batches, end } = await readAll(hub);
  expect(batches).toEqual([[], ["a"], ["b", "c"], ["d"]]);
  expect(end).toEqual({ outcome: "finished", reason: null });
  expect(await activeRunOf(hub)).toEqual({ runId: null });
});

test("the chat is free before the run ends, so a reader that hears of the end may begin the next run", async () => {
  const { hub, clock, start } = startProcess();
  const { ended } = await start(async function* () {
    yield word("Tea.");
  });
  await clock.advance(100);
  await ended;
  const order: string[] = [];
  for await (const item of hub.events([chat, run], { after: null })) {
    order.push(item.kind === "event" ? item.type : item.kind);
    if (item.kind === "end") break;
  }
  expect(order).toEqual(["chunks", "chunks", "activeRun", "end"]);
});

test("of two runs that start at the same time in two processes, the chat gets one", async () => {
  const clock = new VirtualClock();
  const log = sharedLog(clock.now);
  const [one, other] = [startProcess({ log, clock }), startProcess({ log, clock })];
  const second = ai.run({ chatId: "c", runId: "s" });
  const models = [fakeModel(), fakeModel()] as const;
  const starts = await Promise.allSettled([one.start(models[0].produce), other.start(models[1].produce, second)]);
  expect(starts.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = starts.find((each) => each.status === "rejected");
  expect(refused?.reason).toMatchObject({ name: "LeaseError", code: "taken" });
  // A reader of the run that could not begin is told so.
  const loser = starts[0].status === "rejected" ? run : second;
  expect((await readAll(one.hub, loser)).end).toEqual({ outcome: "aborted", reason: null });
});

test("a run that is started twice calls the model once, also when it is over", async () => {
  const { clock, start } = startProcess();
  const model = fakeModel();
  const [first, again] = await Promise.all([start(model.produce), start(() => expect.unreachable())]);
  expect([first.isNew, again.isNew]).toEqual([true, false]);
  await again.ended;
  model.finish();
  await clock.advance(100);
  await first.ended;
  expect(await start(() => expect.unreachable())).toMatchObject({ isNew: false });
});

test("a second start of a run is answered when the log has the beginning, and not before", async () => {
  const { hub, clock, start } = startProcess();
  // Another process has the lease, and has published nothing yet.
  const writer = await hub.lease(run, { ttl: 5_000, aborted: { outcome: "aborted", reason: null } });
  const steps: string[] = [];
  const starting = start(() => expect.unreachable()).then(({ isNew }) => steps.push(`started ${isNew}`));
  await clock.advance(1_000);
  steps.push("publishes");
  await writer.publish("chunks", { first: 0, chunks: [] });
  await clock.advance(100);
  await starting;
  expect(steps).toEqual(["publishes", "started false"]);
});

test("what is thrown ends the run as failed, after what came before it, and is reported", async () => {
  const { hub, clock, errors, start } = startProcess();
  const error = new Error("no model");
  const { ended } = await start(async function* () {
    yield word("Tea ");
    throw error;
  });
  await clock.advance(100);
  await ended;
  expect(errors).toEqual([error]);
  expect(await readAll(hub)).toEqual({ batches: [[], ["Tea "]], end: { outcome: "failed", reason: null } });
  // Nobody has saved it.
  expect(await activeRunOf(hub)).toEqual({ runId: "r" });
});

test.for([
  ["undefined", undefined, "got undefined"],
  ["a word", "tea", "got tea"],
  ["no type", {}, "a type of undefined"],
  ["a list", [word("tea")], "a type of undefined"],
] as const)(
  "what is no chunk (%s) ends the run as failed, after the chunks of the same moment",
  async ([, chunk, message]) => {
    const { hub, clock, errors, start } = startProcess();
    const { ended } = await start(async function* () {
      yield word("Tea ");
      yield chunk as never;
    });
    await clock.advance(100);
    await ended;
    expect(String(errors)).toContain(`TypeError: Expected each chunk to be an object with a type`);
    expect(String(errors)).toContain(message);
    expect(await readAll(hub)).toEqual({ batches: [[], ["Tea "]], end: { outcome: "failed", reason: null } });
  },
);

test("a model that answers without a pause does not hold the process, and is stopped as any other", async () => {
  const hub = createHub(ai, { log: memoryLog(), authorize: () => false, onLog: () => {} });
  onTestFinished(() => hub.close());
  let calls = 0;
  const { ended } = await startRun(hub, { run }, async function* ({ signal }) {
    // A bound, since a process that is held does not notice a time limit either.
    for (; !signal.aborted && calls < 200_000; calls++) yield word("tea");
  } as Produce);
  await hub.stop(run);
  await ended;
  expect(calls).toBeLessThan(200_000);
});

test("a chunk that the hub refuses stops the model, and ends the run as failed", async () => {
  const { hub, clock, errors, start } = startProcess();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  model.say("x".repeat(70_000));
  await clock.advance(5_000);
  await ended;
  expect(model.signal.aborted).toBe(true);
  expect(model.isCancelled).toBe(true);
  expect(errors).toEqual([expect.objectContaining({ name: "ContractError", code: "invalid-data" })]);
  expect(String(errors[0])).toContain("limits.eventBytes");
  expect((await readAll(hub)).end).toEqual({ outcome: "failed", reason: null });
});

test.each([
  ["nothing", undefined, "got undefined"],
  ["null", null, "got null"],
  ["a result that is no stream", { text: "Tea" }, "got object"],
  ["a text", "Tea", "got string"],
])("a model that returns %s ends the run as failed, and the error says what to return", async (_what, given, got) => {
  const { hub, errors, start } = startProcess();
  const { ended } = await start(() => given as never);
  await ended;
  expect(errors).toEqual([expect.any(TypeError)]);
  expect(String(errors[0])).toContain(`an async iterable, ${got}; with the AI SDK, return result.toUIMessageStream()`);
  expect((await readAll(hub)).end).toEqual({ outcome: "failed", reason: null });
});

test.for(["stream", "error"] as const)("what comes of a model that was given up is let go: its %s", async (what) => {
  const { hub, clock, errors, start } = startProcess();
  const model = fakeModel();
  const { ended } = await start(async (about) => {
    await new Promise<void>((resolve) => clock.setTimeout(resolve, 5_000));
    if (what === "error") throw new Error("no power");
    return model.produce(about);
  });
  await hub.stop(run);
  await clock.advance(3_000);
  await ended;
  await clock.advance(3_000);
  expect(model.isCancelled).toBe(what === "stream");
  expect(errors).toEqual([]);
});

test("a model that does not hear that it is stopped is given up after two seconds", async () => {
  const { hub, clock, start } = startProcess();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  model.say("Tea ");
  await clock.advance(100);
  await hub.stop(run, "enough");
  await clock.advance(100);
  expect((model.signal.reason as LeaseError).code).toBe("stopped");
  // Its last words still count.
  model.say("is ");
  await clock.advance(1_800);
  expect(model.isCancelled).toBe(false);
  await clock.advance(200);
  await ended;
  expect(model.isCancelled).toBe(true);
  expect(await readAll(hub)).toEqual({
    batches: [[], ["Tea "], ["is "]],
    end: { outcome: "stopped", reason: "enough" },
  });
});

test("a call of the model that never answers is given up, too", async () => {
  const { hub, clock, errors, start } = startProcess();
  const { ended } = await start(() => new Promise(() => {}));
  await hub.stop(chat);
  await clock.advance(3_000);
  await ended;
  expect((await readAll(hub)).end).toEqual({ outcome: "stopped", reason: null });
  expect(errors).toEqual([]);
});

test.for([
  ["ten minutes", {}, 600_000],
  ["the time that the application has set", { chunkTimeout: 30_000 }, 30_000],
] as const)("a model that says nothing for %s is given up, and the chat is free", async ([, option, time]) => {
  const { hub, clock, start } = startProcess();
  const model = fakeModel();
  const { ended } = await startRun(hub, { chat, run, clock, ...option }, model.produce);
  await clock.advance(time - 1_000);
  model.say("Tea ");
  await clock.advance(time - 1_000);
  expect(model.signal.aborted).toBe(false);
  await clock.advance(1_000);
  expect(model.signal.reason).toMatchObject({ message: `Expected chunks of the run, got none for ${time} ms.` });
  await clock.advance(3_000);
  await ended;
  expect(model.isCancelled).toBe(true);
  expect(await readAll(hub)).toEqual({ batches: [[], ["Tea "]], end: { outcome: "aborted", reason: null } });
  const next = await start(fakeModel().produce, ai.run({ chatId: "c", runId: "next" }));
  expect(next.isNew).toBe(true);
});

test("a hub that closes stops the model, and the run ends as aborted, with what was said", async () => {
  const clock = new VirtualClock();
  const log = sharedLog(clock.now);
  const [one, other] = [startProcess({ log, clock }), startProcess({ log, clock })];
  const model = fakeModel();
  const { ended } = await one.start(model.produce);
  model.say("Tea ");
  await clock.advance(100);
  const closed = one.hub.close();
  await clock.advance(4_000);
  await ended;
  expect((model.signal.reason as LeaseError).code).toBe("closing");
  expect(await readAll(other.hub)).toEqual({ batches: [[], ["Tea "]], end: { outcome: "aborted", reason: null } });
  await clock.advance(60_000);
  await closed;
});

test.for([
  ["says nothing more", (): Produce => fakeModel().produce],
  ["is never called to an end", (): Produce => () => new Promise(() => {})],
  ["goes on without a pause", () => endless],
] as const)("a hub that closes sooner than a model that %s is quiet, and the run ends as aborted", async ([, make]) => {
  const clock = new VirtualClock();
  const log = sharedLog(clock.now);
  const errors: unknown[] = [];
  const hub = createHub(ai, { log, authorize: () => false, onLog: () => {}, clock, drain: 500 });
  const other = startProcess({ log, clock });
  const onError = (error: unknown) => void errors.push(error);
  const { ended } = await startRun(hub, { chat, run, clock, onError }, make());
  await clock.advance(100);
  const closed = hub.close();
  await clock.advance(5_000);
  await Promise.all([ended, closed]);
  expect(errors).toEqual([]);
  expect((await readAll(other.hub)).end).toEqual({ outcome: "aborted", reason: null });
  const next = await other.start(fakeModel().produce, ai.run({ chatId: "c", runId: "next" }));
  expect(next.isNew).toBe(true);
});

test("an end that the log refuses for a moment comes later, and the chat is free then", async () => {
  const { hub, clock, disk, errors, start } = startProcessOnFailingLog();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  model.say("Tea ");
  await clock.advance(100);
  disk.isFull = () => true;
  model.finish();
  await clock.advance(2_000);
  disk.isFull = () => false;
  await clock.advance(2_000);
  await ended;
  const end = (await readAll(hub)).end;
  expect(end).toEqual({ outcome: "finished", reason: null });
  expect(await activeRunOf(hub)).toEqual({ runId: null });
  expect(errors).toEqual([]);
  const next = await start(model.produce, ai.run({ chatId: "c", runId: "next" }));
  expect(next.isNew).toBe(true);
});

test("chunks that the log refuses for a moment come later, in their order, and the answer is whole", async () => {
  const { hub, clock, disk, errors, start } = startProcessOnFailingLog();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  disk.isFull = () => true;
  model.say("Tea ");
  await clock.advance(2_000);
  model.say("is ");
  disk.isFull = () => false;
  await clock.advance(1_000);
  model.say("hot.");
  model.finish();
  await clock.advance(1_000);
  await ended;
  const { batches, end } = await readAll(hub);
  expect(batches.flat()).toEqual(["Tea ", "is ", "hot."]);
  expect([end, errors]).toEqual([{ outcome: "finished", reason: null }, []]);
});

test("a log that takes no chunk for as long as the lease holds ends the run, and its model hears it", async () => {
  const { hub, clock, disk, start } = startProcessOnFailingLog();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  model.say("Tea ");
  await clock.advance(100);
  disk.isFull = () => true;
  model.say("is ");
  await clock.advance(6_000);
  expect(model.signal.aborted).toBe(true);
  disk.isFull = () => false;
  await clock.advance(10_000);
  await ended;
  const { batches, end } = await readAll(hub);
  expect([batches, end]).toEqual([[[], ["Tea "]], { outcome: "aborted", reason: null }]);
});

test.for(["error", "RUN_ERROR"])("a model that says %s has failed, whatever comes after it", async (type) => {
  const { hub, clock, errors, start } = startProcess();
  const { ended } = await start(async function* () {
    yield* [word("Tea "), { type }, { type: "finish" }];
  });
  await clock.advance(100);
  await ended;
  const { batches, end } = await readAll(hub);
  expect(batches.flat()).toEqual(["Tea ", type, "finish"]);
  expect([end, errors]).toEqual([{ outcome: "failed", reason: null }, []]);
  // Nobody has saved it.
  expect(await activeRunOf(hub)).toEqual({ runId: "r" });
});

test("a run whose beginning the log refuses is over, and the chat is free", async () => {
  const { hub, clock, disk, start } = startProcessOnFailingLog();
  // The lease of the run, the lease of the chat, the first batch.
  disk.isFull = (append) => append === 2;
  const starting = start(() => expect.unreachable());
  await Promise.all([expect(starting).rejects.toThrow("The disk is full."), clock.advance(2_000)]);
  expect((await readAll(hub)).end).toEqual({ outcome: "aborted", reason: null });
  const next = await start(fakeModel().produce, ai.run({ chatId: "c", runId: "next" }));
  expect(next.isNew).toBe(true);
});

test("what a model said just before it was stopped is published, also if it throws then", async () => {
  const { hub, clock, errors, start } = startProcess();
  const model = fakeModel();
  const { ended } = await start(model.produce);
  model.say("Tea ");
  await clock.advance(10);
  model.say("is ");
  await clock.advance(10);
  await hub.stop(run);
  model.fail(new Error("aborted"));
  await clock.advance(100);
  await ended;
  expect((await readAll(hub)).batches).toEqual([[], ["Tea "], ["is "]]);
  expect(errors).toEqual([]);
});

test.for([
  ["the end of the run", ({ type }: NewEntry) => type === "end"],
  ["that no run is active", ({ type, data }: NewEntry) => type === "activeRun" && data === '{"runId":null}'],
  ["that the chat is free", ({ channel, data }: NewEntry) => channel === "$lease" && data === null],
] as const)(
  "when the log refuses %s for a moment, the run ends all the same, and the next one begins",
  async ([, isRefused]) => {
    const clock = new VirtualClock();
    const { hub, errors, start } = startProcess({ log: refuseOnce(isRefused, clock), clock });
    const produce = async function* () {
      yield word("Tea.");
    };
    const { ended } = await start(produce);
    await clock.advance(1_000);
    await ended;
    expect((await readAll(hub)).end).toEqual({ outcome: "finished", reason: null });
    expect(errors).toEqual([]);
    expect((await start(produce, ai.run({ chatId: "c", runId: "s" }))).isNew).toBe(true);
  },
);

test.for([
  ["its first event", ({ type }: NewEntry) => type === "chunks"],
  ["that it is active", ({ type }: NewEntry) => type === "activeRun"],
] as const)("a run that cannot begin, since the log refuses %s, leaves the chat to others", async ([, isRefused]) => {
  const clock = new VirtualClock();
  const { hub, start } = startProcess({ log: refuseOnce(isRefused, clock), clock });
  await expect(start(() => expect.unreachable())).rejects.toThrow("The disk is full.");
  await clock.advance(1_000);
  expect((await readAll(hub)).end).toEqual({ outcome: "aborted", reason: null });
  expect((await start(async function* () {}, ai.run({ chatId: "c", runId: "s" }))).isNew).toBe(true);
});

test("a run of no chat needs no channel of chats", async () => {
  const { hub, clock } = startProcess();
  const produce = async function* () {
    yield word("Tea.");
  };
  const { ended } = await startRun(hub, { run, clock }, produce);
  await clock.advance(100);
  await ended;
  expect((await readAll(hub)).end).toEqual({ outcome: "finished", reason: null });
});

test("options that are unknown or of another type are refused before anything begins", async () => {
  const { hub, start } = startProcess();
  const produce = () => expect.unreachable();
  // @ts-expect-error -- a misspelt option
  await expect(startRun(hub, { run, tttl: 1 }, produce)).rejects.toThrow('got "tttl"');
  // @ts-expect-error -- no function
  await expect(startRun(hub, { run }, null)).rejects.toThrow("produce");
  // @ts-expect-error -- nothing
  await expect(startRun(hub, { run })).rejects.toThrow('Expected "produce" to be a function, got null.');
  // @ts-expect-error -- the address of the chat
  await expect(startRun(hub, { run: chat }, produce)).rejects.toThrow(
    'Expected "run" to be an address of a channel made by runChannel, got the path "chats/c".',
  );
  // @ts-expect-error -- no run
  await expect(startRun(hub, { chat }, produce)).rejects.toThrow("made by runChannel, got undefined.");
  await expect(startRun(hub, { run, ttl: 1 }, produce)).rejects.toThrow("ttl");
  for (const chunkTimeout of [999, 86_400_001, Number.NaN]) {
    await expect(startRun(hub, { run, chunkTimeout }, produce)).rejects.toThrow('"chunkTimeout" to be a number');
  }
  expect((await start(async function* () {})).isNew).toBe(true);
});
