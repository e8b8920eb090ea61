import type { Status } from "@tidings/client";
import type { Clock } from "@tidings/protocol/clock";
import { beforeEach, expect, test } from "vitest";
import { ai } from "../../test/contract.ts";
import type { Chunk, RunEnd } from "../run.ts";
import { loadReplay, readRun } from "./read-run.ts";
import type { RunClient, RunHandlers, RunPage } from "./run-client.ts";

const run = ai.run({ chatId: "c", runId: "r" });
const FINISHED: RunEnd = { outcome: "finished", reason: null };
const ENDED: Chunk = { type: "ended" };
const delta = (text: string) => ({ type: "text-delta", id: "t", delta: text });
/** The event that brings one chunk. */
const eventOf = (first: number, chunk: Chunk = delta(`${first} `)) => ({
  id: `e.${first}`,
  data: { first, chunks: [chunk] },
});
const begun = { id: "e.b", data: { first: 0, chunks: [] } };
const LIVE: Status = { state: "live" };

/** A client that answers with these pages, the newest one first, and whose stream a test plays. */
class FakeClient implements RunClient {
  readonly asked: unknown[] = [];
  handlers: RunHandlers | null = null;
  after: string | undefined;
  isClosed = false;
  readonly #pages: readonly (Partial<RunPage> | Error)[];

  constructor(...pages: readonly (Partial<RunPage> | Error)[]) {
    this.#pages = pages;
  }

  async history(_: unknown, options: { readonly before?: string }): Promise<RunPage> {
    const page = this.#pages[this.asked.push(options.before ?? null) - 1];
    if (page instanceof Error) throw page;
    return { events: [], cursor: "e.now", end: null, more: false, unreadable: [], ...page };
  }

  subscribe(_: unknown, handlers: unknown, options?: { readonly after?: string }) {
    this.handlers = handlers as RunHandlers;
    this.after = options?.after;
    return { status: { value: LIVE, subscribe: () => () => {} }, close: () => void (this.isClosed = true) };
  }
}

/** Time passes at once. */
const pauses: number[] = [];
const clock: Pick<Clock, "setTimeout"> = {
  setTimeout: (task, milliseconds) => {
    pauses.push(milliseconds);
    queueMicrotask(task);
    return () => {};
  },
};
const about = { signal: undefined, clock };
beforeEach(() => void (pauses.length = 0));

/** Reads a run of which there is something. */
async function read(client: FakeClient) {
  const replay = await loadReplay(client, run, about);
  if (replay === null) throw new Error("Nothing is left.");
  return readRun(client, run, replay, () => [ENDED]).getReader();
}

test("a long run is loaded page by page, from the newest one to the first, and is one chunk", async () => {
  const client = new FakeClient(
    { events: [eventOf(2), eventOf(3)], more: true },
    { events: [eventOf(1)], more: true, cursor: "e.old" },
    { events: [begun, eventOf(0)] },
  );
  const reader = await read(client);
  expect(client.asked).toEqual([null, "e.2", "e.1"]);
  expect((await reader.read()).value).toEqual(delta("0 1 2 3 "));
  // It goes on after the newest page.
  expect(client.after).toBe("e.now");
});

test("there is nothing to load of a run that the log does not have", async () => {
  expect(await loadReplay(new FakeClient({}), run, about)).toBe(null);
});

test.for([
  ["its beginning was dropped", { events: [eventOf(4)] }, "its beginning is gone"],
  ["only its end is left", { end: { data: FINISHED } }, "its beginning is gone"],
  ["an older page has nothing", { events: [], more: true }, "its beginning is gone"],
  ["a part of it cannot be read", { events: [begun], unreadable: [{}] }, "this page cannot read a part of it"],
  ["none of it can be read", { unreadable: [{}] }, "this page cannot read a part of it"],
] as const)("a run is not loaded when %s, and the error says so", async ([, page, message]) => {
  await expect(loadReplay(new FakeClient(page), run, about)).rejects.toThrow(message);
});

test("a network that fails for a moment is asked again, and anything else is an error at once", async () => {
  const network = Object.assign(new Error("no connection"), { code: "network" });
  const refused = Object.assign(new Error("refused"), { code: "refused" });
  const back = new FakeClient(network, network, { events: [begun, eventOf(0)] });
  expect((await (await read(back)).read()).value).toEqual(delta("0 "));
  expect(pauses).toEqual([500, 2_000]);
  await expect(loadReplay(new FakeClient(refused), run, about)).rejects.toBe(refused);
  const gone = new FakeClient(network, network, network, network);
  await expect(loadReplay(gone, run, about)).rejects.toBe(network);
  expect(gone.asked).toHaveLength(4);
});

test("whoever leaves while the network is asked again does not wait for it", async () => {
  const network = Object.assign(new Error("no connection"), { code: "network" });
  const leaving = new AbortController();
  const standing: Pick<Clock, "setTimeout"> = { setTimeout: () => () => {} };
  const loading = loadReplay(new FakeClient(network), run, { signal: leaving.signal, clock: standing });
  leaving.abort(new Error("gone"));
  await expect(loading).rejects.toThrow("gone");
});

test("what comes while nobody reads is joined, and the end comes after it", async () => {
  const client = new FakeClient({ events: [begun] });
  const reader = await read(client);
  const first = reader.read();
  client.handlers?.chunks(eventOf(0).data);
  expect((await first).value).toEqual(delta("0 "));
  for (const number of [1, 2, 3]) client.handlers?.chunks(eventOf(number).data);
  client.handlers?.onEnd(FINISHED);
  client.handlers?.onClose("ended");
  expect((await reader.read()).value).toEqual(delta("1 2 3 "));
  expect((await reader.read()).value).toEqual(ENDED);
  expect((await reader.read()).done).toBe(true);
});

test("a run that is over is not followed", async () => {
  const client = new FakeClient({ events: [begun, eventOf(0)], end: { data: FINISHED } });
  const reader = await read(client);
  expect((await reader.read()).value).toEqual(delta("0 "));
  expect((await reader.read()).value).toEqual(ENDED);
  expect((await reader.read()).done).toBe(true);
  expect(client.handlers).toBe(null);
});

test.for([
  ["a gap", (handlers: RunHandlers) => handlers.onGap(), "got a gap"],
  ["a refusal", (handlers: RunHandlers) => handlers.onClose("forbidden"), 'to its end, got "forbidden"'],
  ["a hole", (handlers: RunHandlers) => handlers.chunks(eventOf(7).data), "Expected chunk 1 of the run, got chunk 7"],
] as const)("%s ends the reading with an error, after what had come", async ([, fail, message]) => {
  const client = new FakeClient({ events: [begun, eventOf(0)] });
  const reader = await read(client);
  if (client.handlers !== null) fail(client.handlers);
  expect((await reader.read()).value).toEqual(delta("0 "));
  await expect(reader.read()).rejects.toThrow(message);
  // Nobody wants the rest any more.
  expect(client.isClosed).toBe(true);
});

test("whoever cancels the reading ends the subscription", async () => {
  const client = new FakeClient({ events: [begun] });
  const reader = await read(client);
  await reader.cancel();
  expect(client.isClosed).toBe(true);
});
