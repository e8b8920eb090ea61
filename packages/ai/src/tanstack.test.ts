import { EventType, RUN_CANCEL_REASON, type StreamChunk } from "@tanstack/ai";
import { memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ai } from "../test/contract.ts";
import { sharedLog } from "../test/shared-log.ts";
import { TanstackApp } from "../test/tanstack-app.ts";
import { temporaryFile } from "../test/temporary-file.ts";
import { tidingsStream } from "./tanstack.ts";

const chat = ai.chat({ chatId: "c" });
const run = ai.run({ chatId: "c", runId: "r" });
const until = (fact: () => void) => vi.waitFor(fact, { timeout: 15_000, interval: 5 });

const deployments = {
  "in memory": async () => {
    const app = new TanstackApp(memoryLog());
    return [app, app] as const;
  },
  "on two hubs with one SQLite file": async () => {
    const file = await temporaryFile();
    return [new TanstackApp(sqliteLog(file)), new TanstackApp(sqliteLog(file))] as const;
  },
};

/** A page that reads chunks. */
class Reading {
  readonly chunks: StreamChunk[] = [];
  readonly done: Promise<void>;

  constructor(stream: AsyncIterable<StreamChunk>) {
    this.done = this.#read(stream);
  }

  get types(): string {
    return this.chunks.map(({ type }) => type).join(" ");
  }

  /** What was added to the text, piece by piece. */
  get pieces(): string[] {
    return this.chunks.flatMap((chunk) => (chunk.type === EventType.TEXT_MESSAGE_CONTENT ? [chunk.delta] : []));
  }

  async #read(stream: AsyncIterable<StreamChunk>): Promise<void> {
    for await (const chunk of stream) this.chunks.push(chunk);
  }
}

const send = (app: TanstackApp, signal?: AbortSignal) =>
  new Reading(app.open().connect([], {}, signal, { threadId: "t", runId: "r" }));
const join = (app: TanstackApp) => new Reading(app.open().joinRun("r"));

const WORDS = Array.from({ length: 40 }, (_, index) => `${index} `);

/** Asks, and says more words than one batch of TanStack AI has. */
async function ask(app: TanstackApp): Promise<Reading> {
  const page = send(app);
  await until(() => expect(app.model.signals.length).toBe(1));
  for (const word of WORDS) app.model.say(word);
  await until(() => expect(page.pieces.length).toBeGreaterThan(0));
  return page;
}

describe.each(Object.entries(deployments))("%s", (_, deploy) => {
  test("a page that is reloaded reads the run from its beginning, joined, and what follows once", async () => {
    const [one, other] = await deploy();
    const leaving = new AbortController();
    const page = send(one, leaving.signal);
    await until(() => expect(one.model.signals.length).toBe(1));
    for (const word of WORDS) one.model.say(word);
    await until(() => expect(page.pieces.length).toBeGreaterThan(0));
    leaving.abort();
    await page.done;
    const reloaded = join(other);
    await until(() => expect(reloaded.pieces.length).toBe(1));
    one.model.say("hot.");
    one.model.finish();
    await reloaded.done;
    // What was there is one piece.
    expect(reloaded.pieces[0]).toBe(page.pieces.join(""));
    expect(reloaded.pieces.join("")).toBe(`${WORDS.join("")}hot.`);
    expect(reloaded.types.endsWith("TEXT_MESSAGE_END RUN_FINISHED")).toBe(true);
    expect(one.model.signals).toHaveLength(1);
  });

  test("a page that goes on after an offset gets what follows, and a second tab gets all of it", async () => {
    const [one, other] = await deploy();
    const page = await ask(one);
    const tab = join(other);
    one.model.finish();
    await Promise.all([page.done, tab.done]);
    expect(tab.pieces.join("")).toBe(WORDS.join(""));
    const stream = await readerOf(other, "10");
    const [first] = await fromAsync(stream.read("10"));
    const all = await stream.snapshot();
    // The first word is chunk 3: before it are three chunks that begin the run, its step and its text.
    expect(all.map(({ offset }) => offset)).toEqual(all.map((__, index) => String(index)));
    expect(first?.chunk).toMatchObject({ type: "TEXT_MESSAGE_CONTENT", delta: WORDS.slice(8).join("") });
    expect(await fromAsync(stream.read("now"))).toEqual([]);
    expect(stream.resumeFrom()).toBe("10");
  });

  test("a page whose connection is cut between two chunks, again and again, gets every word once", async () => {
    const [one, other] = await deploy();
    const [page, tab] = [await ask(one), join(other)];
    let text = WORDS.join("");
    await until(() => expect(tab.pieces.length).toBeGreaterThan(0));
    for (let round = 0; round < 4; round++) {
      for (const cut of [...one.cuts, ...other.cuts]) cut();
      for (let word = 0; word < 40; word++) one.model.say(`${round}.${word} `);
      text += Array.from({ length: 40 }, (__, word) => `${round}.${word} `).join("");
      await until(() => expect(tab.pieces.join("").length).toBeGreaterThan(text.length - 200));
    }
    one.model.finish();
    await Promise.all([page.done, tab.done]);
    expect([page.pieces.join(""), tab.pieces.join("")]).toEqual([text, text]);
    expect(new Set([...one.model.signals, ...other.model.signals]).size).toBe(1);
    expect(one.cuts.length + (one === other ? 0 : other.cuts.length)).toBeGreaterThan(5);
  });

  test("somebody stops the run at another device: the model hears it, and all readers get the end", async () => {
    const [one, other] = await deploy();
    const page = await ask(one);
    const tab = join(other);
    await until(() => expect(tab.pieces.length).toBe(1));
    await other.hub.stop(chat, "enough");
    await Promise.all([page.done, tab.done]);
    expect(one.model.signals[0]?.reason).toBe(RUN_CANCEL_REASON);
    expect(tab.types.endsWith("RUN_ERROR")).toBe(true);
    expect(tab.types.match(/RUN_ERROR/g)).toHaveLength(1);
    const ends = [];
    for await (const item of other.hub.events(run)) ends.push(item.kind === "end" && item.data);
    expect(ends).toEqual([{ outcome: "stopped", reason: "enough" }]);
  });

  test("a request that comes twice, to two processes, calls the model once, and both read the run", async () => {
    const [one, other] = await deploy();
    const page = await ask(one);
    const again = send(other);
    await until(() => expect(again.pieces.length).toBe(1));
    one.model.finish();
    await Promise.all([page.done, again.done]);
    expect(again.pieces.join("")).toBe(WORDS.join(""));
    expect(new Set([...one.model.signals, ...other.model.signals]).size).toBe(1);
  });
});

test("a run that nobody has begun is an error within the deadline, and so is an offset of another kind", async () => {
  const app = new TanstackApp(memoryLog());
  const stream = await readerOf(app, "-1", 100);
  await expect(fromAsync(stream.read("-1"))).rejects.toThrow(
    "Expected a run at chats/c/runs/r, got nothing within 100",
  );
  expect(await stream.snapshot()).toEqual([]);
  await expect(stream.append([])).rejects.toThrow("Expected to read chats/c/runs/r, got chunks to write.");
  const page = await ask(app);
  await expect(fromAsync(stream.read("memory:v1:r:1"))).rejects.toThrow(
    'Expected an offset of this run, "-1" or "now"',
  );
  app.model.finish();
  await page.done;
});

test("a page that comes back to a fast answer has the text so far before the model pauses", async () => {
  const app = new TanstackApp(memoryLog());
  const talking = new AbortController();
  const most = 1_000;
  // An event every few milliseconds, until the page that has come back shows something.
  const talk = async () => {
    const about = { ttl: 1_000, aborted: { outcome: "aborted", reason: null } } as const;
    const writer = await app.hub.lease(ai.run({ chatId: "c", runId: "fast" }), about);
    let first = 0;
    while (!talking.signal.aborted && first < most) {
      await writer.publish("chunks", { first: first++, chunks: [{ type: "a" }] });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await writer.end({ outcome: "finished", reason: null });
    return first;
  };
  const talked = talk();
  const joining = new Request("http://app.test/api/chat?offset=-1&runId=fast");
  const stream = await tidingsStream(app.hub, joining, { run: ai.run({ chatId: "c", runId: "fast" }) });
  for await (const { chunk } of stream.read("-1")) {
    expect(chunk).toMatchObject({ type: "a" });
    break;
  }
  expect((await stream.snapshot()).length).toBeGreaterThan(0);
  talking.abort();
  expect(await talked).toBeLessThan(most);
});

test("a process that has just started finds the run, however slowly its log answers at first", async () => {
  const log = sharedLog(Date.now);
  const page = await ask(new TanstackApp(log));
  const answer = async <Result>(read: () => Promise<Result>) => {
    // Longer than it looks whether there is more.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return read();
  };
  const slow = wrapLog(log, {
    head: () => answer(() => log.head()),
    read: (...about) => answer(() => log.read(...about)),
    current: (...about) => answer(() => log.current(...about)),
  });
  const stream = await readerOf(new TanstackApp(slow), "-1");
  expect((await stream.snapshot()).length).toBeGreaterThan(0);
  expect(page.types).not.toContain("RUN_ERROR");
});

test("a reader that leaves ends its loop over the log", async () => {
  const app = new TanstackApp(memoryLog());
  const page = await ask(app);
  const leaving = new AbortController();
  const stream = await readerOf(app, "-1");
  const reading = fromAsync(stream.read("-1", leaving.signal));
  leaving.abort();
  expect((await reading).length).toBeGreaterThan(0);
  app.model.finish();
  await page.done;
});

test("a run whose route has failed before its response ends after a time, or when it is stopped", async () => {
  const clock = new VirtualClock();
  const hub = createHub(ai, { log: memoryLog({ now: clock.now }), authorize: () => false, onLog: () => {}, clock });
  onTestFinished(async () => {
    await Promise.all([hub.close(), clock.advance(60_000)]);
  });
  const begin = (runId: string, option = {}) => {
    const request = new Request(`http://app.test/api/chat?runId=${runId}`, { method: "POST" });
    return tidingsStream(hub, request, { run: ai.run({ chatId: "c", runId }), chat, clock, ...option });
  };
  const endOf = async (runId: string) => {
    for await (const item of hub.events(ai.run({ chatId: "c", runId }), { after: null })) {
      if (item.kind === "end") return item.data;
    }
    return null;
  };
  await begin("forgotten");
  await expect(begin("next")).rejects.toMatchObject({ code: "taken" });
  await clock.advance(611_000);
  expect(await endOf("forgotten")).toEqual({ outcome: "aborted", reason: null });
  await begin("forgotten soon", { chunkTimeout: 5_000 });
  await clock.advance(8_000);
  expect(await endOf("forgotten soon")).toEqual({ outcome: "aborted", reason: null });

  await begin("stopped");
  await hub.stop(chat);
  await clock.advance(2_500);
  expect(await endOf("stopped")).toEqual({ outcome: "stopped", reason: null });
  const stream = await begin("last");
  expect(stream.resumeFrom()).toBe(null);
  await stream.close();
  await stream.close();
});

test("a hub that closes while the model hangs is quiet, and the run ends as aborted for its readers", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  const unhandled = vi.fn<(reason: unknown) => void>();
  process.on("unhandledRejection", unhandled);
  onTestFinished(() => {
    logged.mockRestore();
    process.off("unhandledRejection", unhandled);
  });
  const log = memoryLog();
  const [app, other] = [new TanstackApp(wrapLog(log, { close: async () => {} })), new TanstackApp(log)];
  app.model.isDeaf = true;
  // Otherwise the lease may be over before the hub gives it up, on a busy machine.
  app.ttl = 60_000;
  const page = await ask(app);
  const tab = join(other);
  await until(() => expect(tab.pieces.length).toBe(1));
  await app.hub.close();
  await tab.done;
  expect(tab.types.endsWith("RUN_ERROR")).toBe(true);
  expect(await lastOf(other)).toEqual({ outcome: "aborted", reason: null });
  // What comes later is nobody's business any more.
  app.model.say("late");
  app.model.finish();
  await page.done;
  expect([unhandled.mock.calls, logged.mock.calls]).toEqual([[], []]);
});

test("a run of which a chunk cannot be stored has failed, and all readers are told so", async () => {
  // TanStack AI logs what it could not store.
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => logged.mockRestore());
  const app = new TanstackApp(memoryLog());
  const page = await ask(app);
  const tab = join(app);
  await until(() => expect(tab.pieces.length).toBe(1));
  app.model.say("x".repeat(70_000));
  app.model.finish();
  await Promise.all([page.done, tab.done]);
  const late = join(app);
  await late.done;
  const errors = [page, tab, late].map(({ chunks }) => chunks.filter(({ type }) => type === EventType.RUN_ERROR));
  expect(errors[0]).toMatchObject([{ message: expect.stringContaining("limits.eventBytes") }]);
  const failed = [{ message: "The run has failed: a part of it could not be stored.", code: "failed" }];
  expect(errors.slice(1)).toMatchObject([failed, failed]);
  expect(await lastOf(app)).toEqual({ outcome: "failed", reason: null });
});

test("a run that was stopped, and whose model does not hear it, brings an error to its readers, too", async () => {
  const app = new TanstackApp(memoryLog());
  const request = new Request("http://app.test/api/chat?runId=r", { method: "POST" });
  const stream = await tidingsStream(app.hub, request, { run, chat });
  await stream.append([{ type: EventType.CUSTOM, name: "a", timestamp: 0 }]);
  const tab = join(app);
  await app.hub.stop(chat);
  await tab.done;
  expect(tab.chunks.at(-1)).toMatchObject({ type: EventType.RUN_ERROR, message: "Request aborted", code: "aborted" });
  expect(await lastOf(app)).toEqual({ outcome: "stopped", reason: null });
});

async function lastOf({ hub }: TanstackApp): Promise<unknown> {
  for await (const item of hub.events(run, { after: null })) {
    if (item.kind === "end") return item.data;
  }
  return null;
}

/** A stream for a request with an offset. */
function readerOf(app: TanstackApp, offset: string, firstChunkDeadlineMs = 1_000) {
  const request = new Request(`http://app.test/api/chat?offset=${offset}&runId=r`);
  return tidingsStream(app.hub, request, { run, firstChunkDeadlineMs });
}

async function fromAsync<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}

test("batches that are stored at the same time keep their order and their offsets", async () => {
  const { hub } = new TanstackApp(memoryLog());
  const stream = await tidingsStream(hub, new Request("http://app.test", { method: "POST" }), { run });
  const chunks = ["a", "b", "c"].map((name): StreamChunk => ({ type: EventType.CUSTOM, name, timestamp: 0 }));
  const offsets = await Promise.all([stream.append(chunks.slice(0, 2)), stream.append(chunks.slice(2))]);
  expect(offsets).toEqual([["0", "1"], ["2"]]);
  expect((await stream.snapshot?.())?.map(({ chunk }) => chunk)).toEqual(chunks);
  await stream.close?.();
});
