import { describe, expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { chat, lobby, openTestHub, said, tea } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";
const BOTH = `${LOBBY}&channel=rooms/tea`;

/** A test hub whose viewers have the id in their `authorization` header. */
function openMembersHouse(options: Parameters<typeof openTestHub>[0] = {}) {
  return openTestHub({ authenticate: ({ headers }) => ({ id: headers.get("authorization") ?? "nobody" }), ...options });
}

const ada = { headers: { authorization: "ada" } };
const bob = { headers: { authorization: "bob" } };

describe("disconnect", () => {
  test("ends the streams of a viewer, who may come back at once with new credentials", async () => {
    const { hub, clock, connect } = await openMembersHouse();
    const streams = [await connect(LOBBY, ada), await connect(BOTH, ada), await connect(LOBBY, bob)];
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    expect(streams.map(({ sink }) => sink.ended)).toEqual([true, true, false]);
    expect(streams[0]?.sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(hub.stats().connections).toBe(1);
  });

  test("of an address ends it on the streams that follow it, and they get nothing more of it", async () => {
    const { hub, clock, connect, say } = await openMembersHouse();
    const both = await connect(BOTH, ada);
    const only = await connect(LOBBY, bob);
    await hub.disconnect({ address: lobby });
    await say("secret");
    await hub.publish(tea, "message", { text: "x" });
    await clock.settle();
    expect(both.sink.of("bye")).toEqual([{ data: { reason: "forbidden", channels: ["rooms/lobby"] }, id: null }]);
    expect(both.sink.received).toEqual(['rooms/tea:message {"text":"x"}']);
    expect(only.sink.of("bye")).toEqual([{ data: { reason: "forbidden" }, id: null }]);
    expect(only.sink.ended).toBe(true);
    expect(hub.stats()).toMatchObject({ connections: 1, channels: 1 });
  });

  test("of a viewer on an address leaves the others", async () => {
    const { hub, connect, say } = await openMembersHouse();
    const [hers, his] = [await connect(BOTH, ada), await connect(BOTH, bob)];
    await hub.disconnect({ viewer: "ada", address: lobby });
    await say("secret");
    expect([hers.sink.received, his.sink.received]).toEqual([[], [said("secret")]]);
  });

  test.each([
    ["nobody", {}, "got neither; name one or both"],
    ["nothing", undefined, "to be an object, got undefined"],
    ["an id", "ada", "to be an object, got string"],
    ["a viewer that is no id", { viewer: 5 }, "Expected the id of a viewer, a string"],
    ["a viewer that is null", { viewer: null }, "got null"],
    ["a viewer object", { viewer: { id: "ada" } }, "got object"],
    ["a misspelt key beside a viewer", { viewer: "ada", adress: lobby }, 'got "adress"'],
    ["a path instead of an address", { address: "rooms/lobby" }, "got string; make it with a channel function"],
    ["a channel instead of an address", { address: chat.room }, "got function"],
    ["an address that is null", { viewer: "ada", address: null }, "got null"],
    ["a path of no channel", { address: { path: "romms/lobby" } }, 'got the path "romms/lobby"'],
  ])("of %s is refused, and nobody is ended", async (_, selector, message) => {
    const { hub, clock, connect } = await openMembersHouse();
    const { sink } = await connect(LOBBY, ada);
    for (const verb of ["disconnect", "recheck"] as const) {
      await expect(hub[verb](selector as never)).rejects.toThrow(TypeError);
      await expect(hub[verb](selector as never)).rejects.toThrow(message);
    }
    await clock.settle();
    expect(sink.ended).toBe(false);
  });

  test("reaches a reader that lags: it gets nothing more from the log", async () => {
    const { hub, clock, connect, say } = await openMembersHouse({ limits: { ringEntries: 1 } });
    const { sink, control } = await connect(BOTH, ada);
    sink.stalled = true;
    await say("a");
    await say("secret", "secret");
    await hub.disconnect({ address: lobby });
    await clock.settle();
    sink.stalled = false;
    control.drained();
    await clock.settle();
    expect(sink.received).toEqual([said("a")]);
  });

  test("reaches other processes, through the log", async () => {
    const one = await openMembersHouse();
    const other = await openMembersHouse({ log: one.log });
    const { sink } = await other.connect(LOBBY, ada);
    await one.hub.disconnect({ viewer: "ada" });
    await other.clock.settle();
    expect(sink.ended).toBe(true);
  });

  test("cannot be asked for by a client, nor published by an application", async () => {
    const { hub, page } = await openMembersHouse();
    expect((await page("channel=$hub")).status).toBe(400);
    await expect(hub.publish({ ...lobby, path: "$hub" }, "message", { text: "{}" })).rejects.toThrow(
      'got the path "$hub"',
    );
  });
});

describe("recheck", () => {
  test("ends what the viewer may no longer read, within a second", async () => {
    const banned = new Set<string>();
    const { hub, clock, connect, say } = await openMembersHouse({
      authorize: ({ viewer, path }) => !(banned.has(viewer.id) && path === lobby.path),
    });
    const [hers, his] = [await connect(BOTH, ada), await connect(BOTH, bob)];
    banned.add("ada");
    await hub.recheck({ address: lobby });
    await clock.settle();
    await say("secret");
    expect(hers.sink.of("bye")).toEqual([{ data: { reason: "forbidden", channels: ["rooms/lobby"] }, id: null }]);
    expect([hers.sink.received, his.sink.received]).toEqual([[], [said("secret")]]);
  });

  test("when authorize fails, the stream ends", async () => {
    let fails = false;
    const { hub, clock, connect, records } = await openMembersHouse({
      authorize: () => {
        if (fails) throw new Error("db");
        return true;
      },
    });
    const { sink } = await connect(LOBBY, ada);
    fails = true;
    await hub.recheck({ viewer: "ada" });
    await clock.settle();
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(records).toContainEqual(expect.objectContaining({ event: "hook-failed", detail: "authorize" }));
  });

  test("when authorize hangs, the stream ends, too", async () => {
    let hangs = false;
    const { hub, clock, connect } = await openMembersHouse({ authorize: () => (hangs ? new Promise(() => {}) : true) });
    const { sink } = await connect(LOBBY, ada);
    hangs = true;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(5_000);
    expect(sink.ended).toBe(true);
  });

  test("takes over the new end of the rights", async () => {
    let expiresAt = Date.UTC(2026, 0, 2);
    const { hub, clock, connect } = await openMembersHouse({ authorize: () => ({ expiresAt }) });
    const { sink } = await connect(LOBBY, ada);
    expiresAt = clock.now() + 10_000;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(11_000);
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
  });

  test("an old answer that comes after a newer one does not make a right last longer", async () => {
    let expiresAt = Date.UTC(2026, 0, 2);
    const waits = [0, 2_000, 1_000];
    const { hub, clock, connect } = await openMembersHouse({
      authorize() {
        const decision = { expiresAt };
        const wait = waits.shift() ?? 0;
        if (wait === 0) return decision;
        return new Promise((resolve) => void clock.setTimeout(() => resolve(decision), wait));
      },
    });
    const { sink } = await connect(LOBBY, ada);
    await hub.recheck({ viewer: "ada" });
    await clock.settle();
    expiresAt = clock.now() + 10_000;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(11_000);
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(waits).toEqual([]);
  });
});

describe("a command that comes while a stream is being opened", () => {
  test("is carried out when it opens", async () => {
    const { hub, clock, ask } = await openMembersHouse();
    const response = await ask(LOBBY, ada);
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    await clock.settle();
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(hub.stats().connections).toBe(0);
  });

  test("asks the viewer or the reader of the address to come back, and nobody else", async () => {
    const { hub, clock, ask } = await openMembersHouse();
    const responses = [await ask(LOBBY, ada), await ask(LOBBY, bob), await ask("channel=rooms/tea", bob)];
    await hub.recheck({ viewer: "ada" });
    await hub.recheck({ address: tea });
    await clock.settle();
    const ended = responses.map((response) => {
      const sink = new BufferSink();
      if ("open" in response) response.open(sink);
      return sink.ended;
    });
    expect(ended).toEqual([true, false, true]);
    expect(hub.stats().connections).toBe(1);
  });

  test("ends the stream if it is lost", async () => {
    const { hub, log, clock, ask } = await openMembersHouse({ keep: { entries: 1 } });
    const response = await ask(LOBBY, ada);
    log.muted = true;
    await hub.recheck({ viewer: "ada" });
    await hub.recheck({ viewer: "bob" });
    await clock.advance(1_000);
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
  });

  test("ends the stream if more commands have come than are remembered", async () => {
    const { hub, clock, ask } = await openMembersHouse({ limits: { ringEntries: 5_000 } });
    const response = await ask(LOBBY, ada);
    for (let index = 0; index < 1_100; index++) {
      await hub.recheck({ viewer: `v${index}` });
      if (index % 100 === 0) await clock.settle();
    }
    await clock.settle();
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    expect(sink.ended).toBe(true);
  });
});

test("a command of a newer release rechecks everybody", async () => {
  let allowed = true;
  const { log, clock, connect } = await openMembersHouse({ authorize: () => allowed });
  const { sink } = await connect(LOBBY, ada);
  allowed = false;
  await log.append([
    { channel: "$hub", type: "banish", mode: "reliable", data: '{"verb":"banish"}' },
    { channel: "$hub", type: "x", mode: "reliable", data: "no json" },
  ]);
  await clock.settle();
  expect(sink.ended).toBe(true);
});

test("when commands may have been lost, every stream ends and comes back", async () => {
  const { hub, log, clock, connect } = await openMembersHouse({ keep: { entries: 1 } });
  const { sink } = await connect(LOBBY, ada);
  log.muted = true;
  await hub.recheck({ viewer: "bob" });
  await hub.recheck({ viewer: "bob" });
  await clock.advance(1_000);
  expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
});
