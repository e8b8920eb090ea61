import { memoryLog, type NewEntry, type TransactionalLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { jobs, openJobsHub } from "../test/test-hub.ts";
import { createHub, PublishError } from "./index.ts";
import type { AnyItem } from "./reader/read-item.ts";

const job = jobs.job({ jobId: "a" });
const other = jobs.job({ jobId: "b" });
const lobby = jobs.room({ roomId: "lobby" });
const JOB = "channel=jobs/a";
const END = 'jobs/a:end {"files":3}';
const END_EVENT = { channel: "jobs/a", type: "end", data: { files: 3 } };

type TestHub = Awaited<ReturnType<typeof openJobsHub>>;

/** Says something in the lobby. */
async function say({ hub, clock }: Pick<TestHub, "hub" | "clock">, text: string): Promise<void> {
  await hub.publish(lobby, "message", { text });
  await clock.settle();
}

/** A hub with a job that has said `1` and `2`, and has ended. */
async function openEnded(options: Parameters<typeof openJobsHub>[0] = {}) {
  const hub = await openJobsHub(options);
  const before = hub.hub.stats().ring.head;
  const { id: first } = await hub.hub.publish(job, "line", { text: "1" });
  await hub.hub.publish(job, "done", { percent: 50 });
  await hub.hub.publish(job, "line", { text: "2" });
  const { id: end } = await hub.hub.end(job, { files: 3 });
  await hub.clock.settle();
  return { ...hub, before, first, end };
}

describe("hub.end", () => {
  test("publishes the last event: what follows is refused, and the error says where the end is", async () => {
    const { hub, end } = await openEnded();
    const refused = { name: "PublishError", code: "ended", cursor: end };
    const publishing = hub.publish(job, "line", { text: "late" });
    await expect(publishing).rejects.toBeInstanceOf(PublishError);
    await expect(publishing).rejects.toMatchObject({
      ...refused,
      message:
        `Expected jobs/a to go on, got its end at ${end}; nothing was published. ` +
        "After its end, it takes no event: publish to another address.",
    });
    await expect(hub.clear(job, "done")).rejects.toMatchObject(refused);
    await expect(hub.end(job, { files: 4 })).rejects.toMatchObject(refused);
    const batch = [job, other].map((address) => ({ address, type: "line" as const, data: { text: "late" } }));
    await expect(hub.publishAll(batch.toReversed())).rejects.toMatchObject(refused);
    expect(hub.stats().ring.head).toBe(end);
  });

  test("with an idempotency key may be called again", async () => {
    const { hub } = await openJobsHub();
    const first = await hub.end(job, { files: 3 }, { idempotencyKey: "k" });
    expect(await hub.end(job, { files: 3 }, { idempotencyKey: "k" })).toEqual({ ...first, duplicate: true });
  });

  test("of bad data, of a channel without an end, or with a misspelt option, appends nothing", async () => {
    const { hub, log } = await openJobsHub();
    await expect(hub.end(job, { files: "3" } as never)).rejects.toMatchObject({
      code: "invalid-data",
      message: expect.stringContaining("job.end") as unknown,
    });
    await expect(hub.end(lobby, {} as never)).rejects.toMatchObject({ code: "unknown-event" });
    await expect(hub.end("jobs/a" as never, { files: 3 } as never)).rejects.toMatchObject({ code: "unknown-channel" });
    await expect(hub.end(job, { files: 3 }, { idempotencykey: "k" } as never)).rejects.toThrow(/options of end/);
    await expect(hub.publish(job, "end" as never, { files: 3 })).rejects.toMatchObject({ code: "unknown-event" });
    expect(log.calls["append"]).toBe(0);
  });

  test("has a form for transactions of the application", async () => {
    const log: TransactionalLog<NewEntry[]> = Object.assign(memoryLog(), {
      appendIn: async (transaction: NewEntry[], batch: readonly NewEntry[]) => void transaction.push(...batch),
    });
    const snapshot = { job: () => ({ lines: 0 }) };
    const hub = createHub(jobs, { log, authorize: () => true, snapshot, onLog: () => {} });
    const transaction: NewEntry[] = [];
    const ending = hub.endIn(transaction, job, { files: 3 }, { idempotencyKey: "k" });
    expect(transaction).toEqual([
      { channel: "jobs/a", type: "end", mode: "reliable", data: '{"files":3}', idempotencyKey: "k" },
    ]);
    await expect(ending).resolves.toBeUndefined();
    await hub.close();
  });
});

describe("a stream", () => {
  test("brings the end after everything else of its channel, live and from a position", async () => {
    const hub = await openJobsHub();
    const live = await hub.connect(`${JOB}&channel=rooms/lobby`);
    await hub.hub.publish(job, "line", { text: "1" });
    const { id } = await hub.hub.end(job, { files: 3 });
    await say(hub, "later");
    expect(live.sink.received).toEqual(['jobs/a:line {"text":"1"}', END, 'rooms/lobby:message {"text":"later"}']);
    expect(live.sink.of("jobs/a:end")).toMatchObject([{ id }]);
    const [start = ""] = live.sink.events.flatMap((event) => event.id ?? []);
    for (const query of [`${JOB}&after=${start}`, `${JOB}@${start}`, `${JOB}&last=9`]) {
      const { sink } = await hub.connect(query);
      expect(sink.received).toEqual(['jobs/a:line {"text":"1"}', END]);
    }
  });

  test("after the end begins with the end, without an id, whether it is asked for values or not", async () => {
    const { connect, hub, end } = await openEnded();
    const asked = await connect(`${JOB}@now`);
    expect(asked.sink.received).toEqual(['jobs/a:done {"percent":50}', END]);
    const plain = await connect(JOB);
    expect(plain.sink.received).toEqual([END]);
    expect(plain.sink.events.map(({ event, id }) => [event, id])).toEqual([
      ["hello", null],
      ["jobs/a:end", null],
      ["heartbeat", end],
    ]);
    const restarted = await connect(`${JOB}@${end}`);
    expect(restarted.sink.received).toEqual(['jobs/a:done {"percent":50}', END]);
    expect(hub.stats().ring.head).toBe(end);
  });

  test("whose client comes back from after the end is not told again", async () => {
    const { connect, end } = await openEnded();
    const { sink } = await connect(JOB, { headers: { "last-event-id": end } });
    expect(sink.received).toEqual([]);
  });

  test("that starts within the newest events of all channels is told of the ends before", async () => {
    const hub = await openEnded();
    await say(hub, "a");
    const { sink } = await hub.connect(`${JOB}&channel=rooms/lobby&last=1`);
    expect(sink.received).toEqual([END, 'rooms/lobby:message {"text":"a"}']);
  });

  test("gives the values and then the end page by page, and looks only at channels that declare an end", async () => {
    const { connect, log } = await openEnded({ limits: { pageEvents: 1 } });
    const { sink } = await connect(`${JOB}@now&channel=jobs/b`);
    expect(sink.received).toEqual(['jobs/a:done {"percent":50}', END]);
    const reads = log.calls["current"];
    await connect("channel=rooms/lobby");
    expect(log.calls["current"]).toBe(reads);
  });

  test("hides an end that the viewer may not read", async () => {
    const { connect, end } = await openEnded({ authorize: () => ({ readableFrom: end }) });
    expect((await connect(JOB)).sink.received).toEqual([]);
  });

  test("has a gap where the end is gone", async () => {
    const ended = await openEnded({ keep: { age: 60_000 }, limits: { ringEntries: 1 } });
    const { connect, first, clock, hub } = ended;
    await clock.advance(70_000);
    await say(ended, "later");
    const { sink } = await connect(`${JOB}&after=${first}`);
    expect(sink.of("gap").map(({ data }) => data)).toEqual([{ channels: { "jobs/a": "trimmed" } }]);
    await hub.publish(job, "line", { text: "again" });
    await clock.settle();
    expect(sink.received).toEqual(['jobs/a:line {"text":"again"}']);
  });
});

describe("a page", () => {
  test("has the end after everything else, and first where the channel is over", async () => {
    const { page, before, end } = await openEnded();
    const forwards = await page(`${JOB}&after=${before}`);
    expect(forwards.json.events.map(({ type }) => type)).toEqual(["line", "done", "line", "end"]);
    expect(forwards.json.events.at(-1)).toEqual({ ...END_EVENT, id: end });
    expect((await page(JOB)).json).toMatchObject({ events: [END_EVENT], cursor: end, more: false });
    const values = await page(`${JOB}@now`);
    expect(values.json.events.map(({ type, id }) => [type, id])).toEqual([
      ["done", undefined],
      ["end", undefined],
    ]);
    expect((await page(`${JOB}&after=${end}`)).json.events).toEqual([]);
  });

  test("does not wait for a channel that is over, but for what comes after a position", async () => {
    const hub = await openEnded();
    const { page, end, ask, clock } = hub;
    expect((await page(`${JOB}&channel=rooms/lobby&wait=60`)).json.events).toEqual([END_EVENT]);
    const waiting = ask(`${JOB}&channel=rooms/lobby&wait=60&after=${end}`, { headers: { accept: "application/json" } });
    let isAnswered = false;
    void waiting.then(() => (isAnswered = true));
    await clock.advance(1_000);
    expect(isAnswered).toBe(false);
    await say(hub, "a");
    expect(isAnswered).toBe(true);
  });

  test("of history has the end as the newest event", async () => {
    const { page, end } = await openEnded();
    const { json } = await page(`${JOB}&last=2`);
    expect(json.events.map(({ type, id }) => [type, id === end])).toEqual([
      ["line", false],
      ["end", true],
    ]);
  });

  test.each([500, 1])("of a state has the end last, once, page by page (%d events)", async (pageEvents) => {
    const { page } = await openEnded({ limits: { pageEvents } });
    const { json } = await page(`${JOB}&snapshot`);
    const types = json.events.map(({ type }) => type);
    for (let { cursor, more } = json; more;) {
      const next = await page(`${JOB}&after=${cursor}`);
      types.push(...next.json.events.map(({ type }) => type));
      ({ cursor, more } = next.json);
    }
    expect(types).toEqual(["line", "line", "done", "end"]);
  });

  test("of a state does not have an end that came after its position", async () => {
    const hub = await openJobsHub();
    const current = hub.log.current.bind(hub.log);
    // Runs after the events were read.
    hub.log.current = async (...asked) => {
      hub.log.current = current;
      await hub.hub.publish(job, "line", { text: "late" });
      await hub.hub.end(job, { files: 3 });
      return current(...asked);
    };
    const { json } = await hub.page(`${JOB}&snapshot`);
    expect(json.events).toEqual([]);
    const rest = await hub.page(`${JOB}&after=${json.cursor}`);
    expect(rest.json.events.map(({ type }) => type)).toEqual(["line", "end"]);
  });
});

/** All items of a loop, as far as it comes without a new event. */
async function itemsOf({ clock }: Pick<TestHub, "clock">, loop: AsyncIterator<AnyItem, undefined>) {
  const items: AnyItem[] = [];
  const state = { items, isOver: false };
  const take = async (): Promise<void> => {
    for (let next = await loop.next(); next.done !== true; next = await loop.next()) items.push(next.value);
    state.isOver = true;
  };
  void take();
  await clock.settle();
  return state;
}

const kindsOf = ({ items }: { readonly items: readonly AnyItem[] }) =>
  items.map(({ kind, channel }) => [channel, kind]);

describe("a loop of the server", () => {
  test("gets the end as its last item, and is over", async () => {
    const hub = await openEnded();
    const loop = hub.hub.events(job, { after: null });
    const state = await itemsOf(hub, loop);
    expect(state.items.at(-1)).toEqual({
      kind: "end",
      name: "job",
      params: { jobId: "a" },
      channel: "jobs/a",
      data: { files: 3 },
      cursor: hub.end,
    });
    expect([state.items.length, state.isOver, loop.cursor]).toEqual([4, true, hub.end]);
    expect(await loop.next()).toEqual({ done: true, value: undefined });
  });

  test("over several addresses goes on until the last one has ended", async () => {
    const hub = await openEnded();
    const state = await itemsOf(hub, hub.hub.events([job, other]));
    expect([kindsOf(state), state.isOver]).toEqual([[["jobs/a", "end"]], false]);
    await hub.hub.publish(other, "line", { text: "1" });
    await hub.hub.end(other, { files: 1 });
    await hub.clock.settle();
    expect(kindsOf(state)).toEqual([
      ["jobs/a", "end"],
      ["jobs/b", "event"],
      ["jobs/b", "end"],
    ]);
    expect(state.isOver).toBe(true);
    expect(hub.hub.stats().channels).toBe(0);
  });

  test("that begins after the end gets it, unless it says that it has had it: then it is over at once", async () => {
    const hub = await openEnded();
    await say(hub, "later");
    const now = await itemsOf(hub, hub.hub.events(job));
    expect(now).toMatchObject({ items: [{ kind: "end", cursor: hub.hub.stats().ring.head }], isOver: true });
    expect(await itemsOf(hub, hub.hub.events(job, { after: hub.end }))).toEqual({ items: [], isOver: true });
  });

  test("that meets a void position hears of the ends before the new one", async () => {
    const hub = await openEnded();
    const state = await itemsOf(hub, hub.hub.events(job, { after: "elsewhere.7" }));
    expect([kindsOf(state), state.isOver]).toEqual([
      [
        ["jobs/a", "gap"],
        ["jobs/a", "end"],
      ],
      true,
    ]);
  });

  test("is over also when its contract cannot read the end", async () => {
    const hub = await openJobsHub();
    const loop = hub.hub.events(job);
    await hub.log.append([{ channel: "jobs/a", type: "end", mode: "reliable", data: "5" }]);
    const state = await itemsOf(hub, loop);
    expect([kindsOf(state), state.isOver]).toEqual([[["jobs/a", "invalid"]], true]);
  });
});
