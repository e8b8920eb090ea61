import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { lobby, openTestHub, request, said } from "../test/test-hub.ts";
import { createHub } from "./index.ts";

const LOBBY = "channel=rooms/lobby";

describe("close", () => {
  test("says bye on every stream, and spreads the return over the drain window", async () => {
    let draw = 0;
    const { hub, clock, connect } = await openTestHub({ drain: 10_500, random: () => (draw = (draw + 0.01) % 1) });
    const streams = await Promise.all(Array.from({ length: 99 }, () => connect(LOBBY)));
    await hub.close();
    await clock.settle();
    const retries = streams.map(({ sink }) => sink.retries.at(-1) ?? 0).toSorted((one, other) => one - other);
    expect(streams.every(({ sink }) => sink.ended)).toBe(true);
    expect(streams[0]?.sink.of("bye")).toEqual([{ data: { reason: "draining" }, id: null }]);
    // Every tenth of the window gets some of them.
    for (let part = 0; part < 10; part++) {
      const [least, most] = [500 + part * 1_000, 1_500 + part * 1_000];
      expect(retries.filter((retry) => retry >= least && retry < most).length).toBeGreaterThanOrEqual(8);
    }
  });

  test("spreads the return of very many over a longer time, unless a window is given", async () => {
    for (const [options, count, retry] of [
      [{}, 12_000, 5_495],
      [{ drain: 1_000 }, 12, 1_000],
    ] as const) {
      const { hub } = await openTestHub({ ...options, random: () => 0.999 });
      const blocks: string[] = [];
      for (let number = 0; number < count; number++) {
        const response = await hub.handle(request(LOBBY));
        if (!("open" in response)) throw new Error("Expected a stream.");
        response.open({ write: (bytes) => blocks.push(new TextDecoder().decode(bytes)) > 0, end: () => {} });
      }
      await hub.close();
      const retries = blocks.flatMap((block) => /^retry: (\d+)\nevent: bye/.exec(block)?.[1] ?? []).map(Number);
      expect(retries).toHaveLength(count);
      for (const each of retries) expect(each).toBeCloseTo(retry, -1);
    }
  });

  test("stops all timers, closes the log, may be called again, and answers later requests", async () => {
    const { hub, clock, log, connect, ask } = await openTestHub();
    await connect(LOBBY);
    const closing = hub.close();
    expect(hub.close()).toBe(closing);
    await closing;
    await clock.settle();
    expect([clock.pending, log.watchers]).toEqual([0, 0]);
    expect(hub.stats()).toMatchObject({ connections: 0, channels: 0 });
    expect(await ask(`${LOBBY}&protocol=1`)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(await ask(LOBBY)).toMatchObject({ status: 200, body: expect.stringContaining('{"reason":"draining"}') });
    expect(await ask(LOBBY, { headers: { accept: "application/json" } })).toMatchObject({ status: 503 });
  });

  test("ends a stream that was admitted just before", async () => {
    const { hub, ask, clock } = await openTestHub();
    const response = await ask(LOBBY);
    await hub.close();
    if (!("open" in response)) throw new Error("Expected a stream.");
    const writes: string[] = [];
    response.open({
      write: (bytes) => writes.push(new TextDecoder().decode(bytes)) > 0,
      end: () => writes.push("END"),
    });
    await clock.settle();
    expect(writes.join("")).toMatch(/draining[^]*END$/);
    expect([hub.stats().connections, clock.pending]).toEqual([0, 0]);
  });

  test("while the log does not answer leaves no timer behind", async () => {
    const { hub, log, clock, connect } = await openTestHub();
    await connect(LOBBY);
    log.fails = true;
    log.ring();
    await clock.settle();
    await hub.close();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });
});

describe("hooks", () => {
  test("run once when a stream begins and once when it ends", async () => {
    const heard: unknown[] = [];
    const { connect } = await openTestHub({
      authenticate: () => ({ id: "ada" }),
      authorize: ({ path }) => path !== "rooms/secret",
      onConnect: ({ viewer, addresses }) => void heard.push(["on", viewer.id, addresses.map(({ path }) => path)]),
      onDisconnect: ({ viewer, addresses }) => void heard.push(["off", viewer.id, addresses.map(({ path }) => path)]),
    });
    const { control } = await connect(`${LOBBY}&channel=rooms/secret`);
    control.closed();
    control.closed();
    expect(heard).toEqual([
      ["on", "ada", ["rooms/lobby"]],
      ["off", "ada", ["rooms/lobby"]],
    ]);
  });

  test.each([
    [
      "throw",
      () => {
        throw new Error("hook");
      },
    ],
    ["reject", () => Promise.reject(new Error("hook")) as never],
  ])("that %s are reported, and hold nothing up", async (_, hook) => {
    const { connect, say, hub, records, clock } = await openTestHub({ onConnect: hook, onDisconnect: hook });
    const { sink, control } = await connect(LOBBY);
    await say("a");
    control.closed();
    await clock.settle();
    expect(sink.received).toEqual([said("a")]);
    expect(hub.stats().connections).toBe(0);
    expect(records.filter(({ event }) => event === "hook-failed").map(({ detail }) => detail)).toEqual([
      "onConnect",
      "onDisconnect",
    ]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("disk full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("disk full")) as never],
  ])("an onLog that %s stops neither an event nor the process, and its record goes to the console", async (_, fail) => {
    const consoleCalls = [vi.spyOn(console, "debug"), vi.spyOn(console, "error")].map((spy) =>
      spy.mockImplementation(() => {}),
    );
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    const { connect, say } = await openTestHub({
      debug: true,
      onLog: ({ event }) => (event === "connect" ? fail() : undefined),
    });
    const { sink } = await connect(LOBBY);
    await say("a");
    await new Promise<void>((resolve) => void setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(sink.received).toEqual([said("a")]);
    expect(unhandled).toEqual([]);
    expect(consoleCalls.map((spy) => spy.mock.calls.length)).toEqual([1, 1]);
    vi.restoreAllMocks();
  });
});

test("nothing is left behind when all readers have left", async () => {
  const { hub, clock, connect, page } = await openTestHub({
    authenticate: () => ({ id: "ada" }),
    limits: { connectionsPerViewer: 3 },
  });
  const before = { stats: hub.stats(), timers: clock.pending };
  for (let round = 0; round < 5; round++) {
    const streams = await Promise.all([
      connect(LOBBY),
      connect(`${LOBBY}@now`),
      connect("channel=users/ada/inbox&after=zzz.1"),
    ]);
    await page(LOBBY);
    for (const { control } of streams) control.closed();
    await clock.advance(2_000);
  }
  expect({ stats: hub.stats(), timers: clock.pending }).toEqual(before);
});

test("retention is applied every few seconds, and a trim that fails or hangs does not stop that for ever", async () => {
  const { log, clock, records } = await openTestHub();
  let trims = 0;
  log.trim = async () => {
    trims++;
    if (trims === 1) throw new Error("busy");
    if (trims === 2) await new Promise(() => {});
  };
  await clock.advance(80_000);
  expect(trims).toBe(4);
  expect(records.map(({ event }) => event)).toEqual(["trim-failed", "trim-failed"]);
});

test("a hub on the real clock does not keep a process alive", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const contract = defineContract({ clock: channel("clock", { tick: z.number() }) });
  const before = timers();
  const hub = createHub(contract, { log: memoryLog(), authorize: () => true });
  await hub.publish(contract.clock(), "tick", 1);
  expect(timers()).toBe(before);
  await hub.close();
});

test.each([
  ["a promise", Promise.resolve({})],
  ["a map", new Map()],
])("createHub refuses %s in place of a contract", (_, contract) => {
  expect(() => createHub(contract as never, { log: memoryLog(), authorize: () => true })).toThrow(
    "Expected the contract of createHub to be a plain object",
  );
});

test("publish refuses options that nobody has awaited: their idempotency key would be ignored", async () => {
  const { hub } = await openTestHub();
  const publish = hub.publish(lobby, "message", { text: "a" }, Promise.resolve({ idempotencyKey: "a" }) as never);
  await expect(publish).rejects.toThrow("Expected the options of publish to be a plain object, got [object Promise].");
});

test("createHub refuses a contract that breaks a rule", () => {
  const twice = defineContract({ one: channel("rooms/:id", {}), other: channel("rooms/lobby", {}) });
  expect(() => createHub(twice, { log: memoryLog(), authorize: () => true })).toThrow(
    expect.objectContaining({ code: "bad-contract" }),
  );
});

describe("createHub refuses", () => {
  const contract = defineContract({
    room: channel("rooms/:id", { said: z.string() }, { snapshot: z.array(z.string()) }),
    clock: channel("clock", { tick: z.number() }),
  });
  const given = { log: memoryLog(), authorize: () => true, snapshot: { room: () => [] } };

  test.each([
    ["no options", undefined, "Expected the options of createHub to be an object, got undefined."],
    ["an unknown option", { ...given, authorise: () => true }, 'in the options of createHub, got "authorise".'],
    ["no log", { ...given, log: undefined }, 'Expected "log" in the options of createHub, got none.'],
    ["no authorize", { ...given, authorize: undefined }, 'Expected "authorize" in the options of createHub, got none.'],
    ["a log that is none", { ...given, log: {} }, 'Expected "log" to have a method "append", got undefined'],
    [
      "the promise of a log",
      { ...given, log: Promise.resolve(given.log) },
      'Expected "log" to be a log, got a promise; open it with await.',
    ],
    ["the factory of a log", { ...given, log: memoryLog }, 'Expected "log" to be an object, got function.'],
    ["an answer instead of a function", { ...given, authorize: true }, 'Expected "authorize" to be a function'],
    ["null for a hook", { ...given, authenticate: null }, 'Expected "authenticate" to be a function, got null.'],
    ["a loader of no channel", { ...given, snapshot: { ...given.snapshot, rooms: () => [] } }, 'got "rooms".'],
    ["a loader without a schema", { ...given, snapshot: { ...given.snapshot, clock: () => [] } }, 'got "clock".'],
    ["a state instead of a loader", { ...given, snapshot: { room: [] } }, 'Expected "snapshot.room" to be a function'],
    ["a limit that does not exist", { ...given, limits: { conections: 5 } }, 'in limits, got "conections".'],
    ["a number for limits", { ...given, limits: 5 }, 'Expected "limits" to be an object, got number.'],
    ["limits that nobody awaits", { ...given, limits: Promise.resolve({}) }, "Expected limits to be a plain object"],
    ["a map of rules", { ...given, keep: { channels: new Map() } }, "to be a plain object, got [object Map]."],
    ["a text for a number", { ...given, heartbeat: "15s" }, 'Expected "heartbeat" to be a number, got string.'],
    ["a clock without running time", { ...given, clock: { now: Date.now } }, 'to have a method "monotonic"'],
    ["a number for debug", { ...given, debug: 1 }, 'Expected "debug" to be a boolean, got number.'],
  ])("%s with one sentence", (_, options, message) => {
    const create = () => createHub(contract, options as never);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });
});
