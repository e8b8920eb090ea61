import { channel, defineContract, latest } from "@tidings/contract";
import { AppendError, ConflictError, memoryLog, type NewEntry, type TransactionalLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { chat, lobby, openTestHub, said, tea } from "../../test/test-hub.ts";
import { createHub, PublishError } from "../index.ts";

const LOBBY = "channel=rooms/lobby";

describe("publish", () => {
  test("resolves with the event's id when the log has it (law 6)", async () => {
    const { hub, connect, say } = await openTestHub();
    const { sink } = await connect(LOBBY);
    const [id] = await say("a");
    expect(sink.events.at(-1)).toEqual({ event: "rooms/lobby:message", data: '{"text":"a"}', id });
    expect(hub.stats().ring.head).toBe(id);
  });

  test("of data that does not fit the contract throws, and appends nothing", async () => {
    const { hub, log } = await openTestHub();
    await expect(hub.publish(lobby, "message", { text: 5 } as never)).rejects.toMatchObject({ code: "invalid-data" });
    await expect(hub.publish(lobby, "shout" as never, {})).rejects.toMatchObject({ code: "unknown-event" });
    await expect(
      hub.publish({ ...lobby, name: "__proto__" as "room" }, "message", { text: "a" }),
    ).rejects.toMatchObject({ code: "unknown-channel" });
    expect(log.calls["append"]).toBe(0);
  });

  test.each([
    ["the channel function", chat.room, "the channel function itself; call it with its params"],
    ["a path", "rooms/lobby", "got string"],
    ["nothing", undefined, "got undefined"],
    ["an address without a path", { name: "room" }, "got object"],
  ])("to %s instead of an address says what was expected", async (_, address, got) => {
    const { hub, log } = await openTestHub();
    for (const publishing of [
      hub.publish(address as typeof lobby, "message", { text: "a" }),
      hub.publishAll([{ address: address as typeof lobby, type: "message", data: { text: "a" } }]),
      hub.clear(address as typeof lobby, "topic"),
    ]) {
      await expect(publishing).rejects.toMatchObject({
        code: "unknown-channel",
        message: expect.stringMatching(/^Expected an address such as chat\.room\(\{ roomId \}\), got /u),
      });
      await expect(publishing).rejects.toThrow(got);
    }
    expect(log.calls["append"]).toBe(0);
  });

  test("with an option that does not exist, or of another type, publishes nothing", async () => {
    const { hub, log } = await openTestHub();
    const event = { address: lobby, type: "message" as const, data: { text: "a" } };
    for (const [publishing, message] of [
      [hub.publish(lobby, "message", { text: "a" }, { idempotencykey: "k" } as never), 'got "idempotencykey"'],
      [hub.publish(lobby, "message", { text: "a" }, { address: tea } as never), 'got "address"'],
      [hub.publish(lobby, "message", { text: "a" }, "k" as never), "got string"],
      [hub.publish(lobby, "message", { text: "a" }, { idempotencyKey: 5 as never }), "got number"],
      [hub.publishAll([{ ...event, key: "k" } as never]), 'got "key"'],
      [hub.publishAll(event as never), "got object"],
      [hub.publishAll([null as never]), "got null"],
      [hub.clear(lobby, "price", 5 as never), "got number"],
    ] as const) {
      await expect(publishing).rejects.toThrow(TypeError);
      await expect(publishing).rejects.toThrow(message);
    }
    expect(log.calls["append"]).toBe(0);
  });

  test("under a key that a log may take for another throws", async () => {
    const { hub, log } = await openTestHub();
    const bad = { code: "invalid-data" };
    for (const key of ["\ud800", "a\udc00", "a\0b"]) {
      await expect(hub.publish(lobby, "message", { text: "a" }, { idempotencyKey: key })).rejects.toMatchObject(bad);
      await expect(hub.publish(lobby, "price", { symbol: key, value: 1 })).rejects.toMatchObject(bad);
      await expect(hub.clear(lobby, "price", key)).rejects.toMatchObject(bad);
    }
    expect(log.calls["append"]).toBe(0);
  });

  test("under a key of more than 1,024 bytes throws: no limit of a page, a stream or a log counts it", async () => {
    const { hub, log } = await openTestHub();
    const [longest, tooLong] = ["x".repeat(1_024), "\u8a9e".repeat(342)];
    const wrong = { code: "invalid-data", message: expect.stringMatching(/keys of 1024 bytes at most, got 1026/) };
    await expect(hub.publish(lobby, "message", { text: "a" }, { idempotencyKey: tooLong })).rejects.toMatchObject(
      wrong,
    );
    await expect(hub.publish(lobby, "price", { symbol: tooLong, value: 1 })).rejects.toMatchObject(wrong);
    await expect(hub.clear(lobby, "price", tooLong)).rejects.toMatchObject(wrong);
    expect(log.calls["append"]).toBe(0);
    await hub.publish(lobby, "price", { symbol: longest, value: 1 }, { idempotencyKey: longest });
    await hub.clear(lobby, "price", longest);
  });

  test("takes the key of a latest value from the data as the schema leaves it", async () => {
    const symbol = z.string().trim().toLowerCase();
    const day = z.codec(z.string(), z.date(), {
      decode: (text) => new Date(`${text}T00:00:00Z`),
      encode: (date) => date.toISOString().slice(0, 10),
    });
    const market = defineContract({
      market: channel("market", {
        price: latest(z.object({ symbol, value: z.number() }), { key: (price) => price.symbol }),
        closed: latest(z.object({ on: day }), { key: ({ on }) => on.toISOString() }),
        broken: latest(z.object({ value: z.number() }), { key: ({ value }) => value as never }),
        late: latest(z.object({ value: z.number() }), {
          key: () => Promise.reject(new Error("no database")) as never,
        }),
      }),
    });
    const log = memoryLog();
    const hub = createHub(market, { log, authorize: () => true });
    for (const name of ["BTC", "btc ", "btc"]) await hub.publish(market.market(), "price", { symbol: name, value: 1 });
    for (const hour of [1, 2]) {
      await hub.publish(market.market(), "closed", { on: new Date(Date.UTC(2026, 0, 1, hour)) });
    }
    const { entries } = await log.current(["market"], null, { entries: 10, bytes: 1_000 });
    expect(entries.map(({ key }) => key)).toEqual(["btc", "2026-01-01T00:00:00.000Z"]);
    await expect(hub.publish(market.market(), "broken", { value: 1 })).rejects.toThrow(
      "market.broken: expected its key function to return a string, got number",
    );
    await expect(hub.publish(market.market(), "late", { value: 1 })).rejects.toThrow(
      "market.late: expected its key function to return a string, got a promise",
    );
    await hub.close();
  });

  test("of more bytes than an event may have says how many there are", async () => {
    const { hub, say } = await openTestHub({ limits: { eventBytes: 20 } });
    await say("x".repeat(9));
    await expect(hub.publish(lobby, "message", { text: "x".repeat(10) })).rejects.toThrow(
      "expected 20 bytes of JSON at most, got 21",
    );
    await expect(hub.publish(lobby, "message", { text: "ä".repeat(5) })).rejects.toThrow("got 21");
  });

  test("with a used idempotency key answers with the first event, and publishes no second one", async () => {
    const { hub, clock, connect } = await openTestHub();
    const { sink } = await connect(LOBBY);
    const first = await hub.publish(lobby, "message", { text: "a" }, { idempotencyKey: "k" });
    const again = await hub.publish(lobby, "message", { text: "b" }, { idempotencyKey: "k" });
    await clock.settle();
    expect([first.duplicate, again]).toEqual([false, { id: first.id, duplicate: true }]);
    expect(sink.received).toEqual([said("a")]);
  });

  test("fails when the log does, and when the hub is closed", async () => {
    const { hub, log } = await openTestHub();
    log.fails = true;
    await expect(hub.publish(lobby, "message", { text: "a" })).rejects.toThrow("does not answer");
    log.fails = false;
    await hub.close();
    await expect(hub.publish(lobby, "message", { text: "a" })).rejects.toThrow("closed");
  });
});

describe("a log that does not answer", () => {
  test("lets a publish reject after five seconds, with an unknown outcome, and not before", async () => {
    const { hub, log, clock } = await openTestHub();
    log.hangs = true;
    const outcomes: string[] = [];
    const note = (error: unknown): void => void outcomes.push(error instanceof AppendError ? error.outcome : "other");
    void hub.publish(lobby, "message", { text: "a" }).catch(note);
    void hub.publishAll([{ address: lobby, type: "message", data: { text: "a" } }]).catch(note);
    void hub.clear(lobby, "topic").catch(note);
    await clock.advance(4_999);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(outcomes).toEqual(["unknown", "unknown", "unknown"]);
  });

  test("rejects after publishTimeout", async () => {
    const { hub, log, clock } = await openTestHub({ publishTimeout: 300 });
    log.hangs = true;
    const publishing = hub.publish(lobby, "message", { text: "a" });
    await Promise.all([expect(publishing).rejects.toThrow("within 300 ms, got no answer"), clock.advance(300)]);
  });

  test("leaves no timer behind when it answers", async () => {
    const { hub, clock } = await openTestHub();
    const timers = clock.pending;
    await hub.publish(lobby, "message", { text: "a" });
    await clock.settle();
    expect(clock.pending).toBe(timers);
  });
});

describe("publishAll", () => {
  test("appends all events next to each other, or none", async () => {
    const { hub, log, clock, connect } = await openTestHub();
    const { sink } = await connect(`${LOBBY}&channel=rooms/tea`);
    const published = await hub.publishAll([
      { address: lobby, type: "message", data: { text: "a" } },
      { address: tea, type: "topic", data: { text: "b" } },
    ]);
    await clock.settle();
    expect(sink.events.slice(1).map(({ id }) => id)).toEqual(published.map(({ id }) => id));
    const appends = log.calls["append"];
    await expect(
      hub.publishAll([
        { address: lobby, type: "message", data: { text: "a" } },
        { address: tea, type: "topic", data: {} as never },
      ]),
    ).rejects.toMatchObject({ code: "invalid-data" });
    expect(log.calls["append"]).toBe(appends);
  });
});

describe("clear", () => {
  test("withdraws a value: followers get a clear, and new readers do not get the value", async () => {
    const { hub, clock, connect } = await openTestHub();
    const { sink } = await connect(LOBBY);
    await hub.publish(lobby, "price", { symbol: "x", value: 1 });
    await clock.settle();
    const { id } = await hub.clear(lobby, "price", "x");
    await clock.settle();
    expect(sink.of("clear")).toEqual([{ data: { channel: "rooms/lobby", type: "price", key: "x" }, id }]);
    expect((await connect(`${LOBBY}@now`)).sink.received).toEqual([]);
    await expect(hub.clear(lobby, "message")).rejects.toMatchObject({ code: "unknown-event" });
  });
});

describe("publish with expects", () => {
  test("replaces the value that it names, and rejects with the id of another one", async () => {
    const { hub, clock, connect } = await openTestHub();
    const { sink } = await connect(LOBBY);
    const first = await hub.publish(lobby, "topic", { text: "1" }, { expects: null });
    const second = await hub.publish(lobby, "topic", { text: "2" }, { expects: first.id });
    const publishing = hub.publish(lobby, "topic", { text: "3" }, { expects: first.id });
    await expect(publishing).rejects.toBeInstanceOf(PublishError);
    await expect(publishing).rejects.toMatchObject({
      code: "conflict",
      cursor: second.id,
      message:
        `Expected the topic in rooms/lobby to be that of ${first.id}, got that of ${second.id}; ` +
        "nothing was published. Read the value again, and decide anew.",
    });
    await clock.settle();
    // What was replaced before it was read is not owed.
    expect(sink.received).toEqual(['rooms/lobby:topic {"text":"2"}']);
  });

  test("null expects no value: none was published, or it was withdrawn", async () => {
    const { hub } = await openTestHub();
    const price = (value: number, expects: string | null) =>
      hub.publish(lobby, "price", { symbol: "x", value }, { expects });
    const { id } = await price(1, null);
    await expect(price(2, null)).rejects.toMatchObject({ code: "conflict", cursor: id });
    await expect(price(2, null)).rejects.toThrow(
      `Expected no price in rooms/lobby with the key "x", got that of ${id}; nothing was published.`,
    );
    await hub.clear(lobby, "price", "x");
    await expect(price(2, id)).rejects.toMatchObject({ code: "conflict", cursor: null });
    await expect(price(2, null)).resolves.toMatchObject({ duplicate: false });
  });

  test("publishes nothing of a batch of which one event conflicts", async () => {
    const { hub, page } = await openTestHub();
    const { id } = await hub.publish(lobby, "topic", { text: "1" });
    const batch = (expects: string | null) =>
      hub.publishAll([
        { address: lobby, type: "message", data: { text: "changed the topic" } },
        { address: lobby, type: "topic", data: { text: "2" }, expects },
      ]);
    await expect(batch(null)).rejects.toMatchObject({ code: "conflict", cursor: id });
    expect((await page(`${LOBBY}&last=10`)).json.events).toEqual([]);
    await batch(id);
    expect((await page(`${LOBBY}&last=10`)).json.events).toHaveLength(1);
  });

  test("elects one leader of several hubs on one log", async () => {
    const { hub, log, clock } = await openTestHub();
    const options = { log, clock, authorize: () => true, snapshot: { room: () => ({ texts: [] }) }, onLog: () => {} };
    const hubs = [hub, createHub(chat, options), createHub(chat, options)];
    const attempts = await Promise.allSettled(
      hubs.map((each, at) => each.publish(lobby, "topic", { text: `leader ${at}` }, { expects: null })),
    );
    expect(attempts.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
  });

  test.each<[what: string, type: string, data: unknown, expects: unknown, error: object]>([
    [
      "an event that is not `latest`",
      "message",
      { text: "1" },
      null,
      {
        code: "unknown-event",
        message: "room.message: expected a latest event, got a reliable one; only latest values can be expected.",
      },
    ],
    [
      "a text that is no id",
      "topic",
      { text: "1" },
      "yesterday",
      {
        code: "invalid-data",
        message: 'room.topic: expected "expects" to be the id of a value, or null, got "yesterday".',
      },
    ],
    [
      "a number",
      "topic",
      { text: "1" },
      5,
      { code: "invalid-data", message: 'room.topic: expected "expects" to be the id of a value, or null, got 5.' },
    ],
  ])("refuses %s", async (_, type, data, expects, error) => {
    const { hub } = await openTestHub();
    const publishing = hub.publish(lobby, type as never, data, { expects } as never);
    await expect(publishing).rejects.toMatchObject(error);
  });
});

describe("publishIn", () => {
  /** A hub on a log whose transactions are lists of what they insert. */
  function openShop() {
    const log: TransactionalLog<NewEntry[]> = Object.assign(memoryLog(), {
      appendIn: async (transaction: NewEntry[], batch: readonly NewEntry[]) => void transaction.push(...batch),
    });
    return createHub(chat, { log, authorize: () => true, snapshot: { room: () => ({ texts: [] }) }, onLog: () => {} });
  }

  test("has inserted the event in the application's transaction when the call returns", async () => {
    const hub = openShop();
    const transaction: NewEntry[] = [];
    const publishing = hub.publishIn(transaction, lobby, "message", { text: "a" }, { idempotencyKey: "k" });
    expect(transaction).toEqual([
      { channel: "rooms/lobby", type: "message", mode: "reliable", data: '{"text":"a"}', idempotencyKey: "k" },
    ]);
    await expect(publishing).resolves.toBeUndefined();
    await hub.close();
  });

  test("passes on what the event expects, and a conflict", async () => {
    const hub = openShop();
    const transaction: NewEntry[] = [];
    await hub.publishIn(transaction, lobby, "topic", { text: "a" }, { expects: "q7.5" });
    expect(transaction).toMatchObject([{ type: "topic", expects: { epoch: "q7", seq: 5 } }]);
    const [entry] = transaction;
    transaction.push = () => {
      throw new ConflictError(entry ?? expect.fail("no entry"), { epoch: "q7", seq: 9 });
    };
    const publishing = hub.publishIn(transaction, lobby, "topic", { text: "b" }, { expects: "q7.5" });
    await expect(publishing).rejects.toMatchObject({ name: "PublishError", code: "conflict", cursor: "q7.9" });
    await hub.close();
  });

  test("of data that does not fit the contract rejects, and inserts nothing", async () => {
    const hub = openShop();
    const transaction: NewEntry[] = [];
    await expect(hub.publishIn(transaction, lobby, "message", { text: 5 } as never)).rejects.toMatchObject({
      code: "invalid-data",
    });
    expect(transaction).toEqual([]);
    await hub.close();
  });

  test("says what to do on a log without transactions, for programs without types", async () => {
    const hub = createHub(chat, { log: memoryLog(), authorize: () => true, snapshot: { room: () => ({ texts: [] }) } });
    const untyped = hub as unknown as ReturnType<typeof openShop>;
    await expect(untyped.publishIn([], lobby, "message", { text: "a" })).rejects.toThrow(
      /shares the application's database/,
    );
    await hub.close();
  });

  test("fails when the insert does", async () => {
    const hub = openShop();
    const broken = Object.freeze<NewEntry[]>([]) as NewEntry[];
    await expect(hub.publishIn(broken, lobby, "message", { text: "a" })).rejects.toThrow(TypeError);
    await hub.close();
  });
});
