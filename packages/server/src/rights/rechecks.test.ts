import { describe, expect, test } from "vitest";
import { bareThenable, patchedPromise } from "../../test/bare-thenable.ts";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openMembersHub, said } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";
const BOTH = `${LOBBY}&channel=rooms/tea`;
const ada = { headers: { authorization: "ada" } };
const bob = { headers: { authorization: "bob" } };

describe("recheck", () => {
  test("ends what the viewer may no longer read, within a second", async () => {
    const banned = new Set<string>();
    const { hub, clock, connect, say } = await openMembersHub({
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
    const { hub, clock, connect, records } = await openMembersHub({
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

  test.each([bareThenable, patchedPromise])(
    "waits for whatever has a then, also if that returns nothing: %o",
    async (later) => {
      let isAllowed = true;
      const { hub, clock, connect, say } = await openMembersHub({ authorize: () => later(() => isAllowed) });
      const { sink } = await connect(LOBBY, ada);
      isAllowed = false;
      await hub.recheck({ viewer: "ada" });
      await clock.settle();
      await say("secret");
      expect([sink.received, sink.ended]).toEqual([[], true]);
    },
  );

  test("when authorize hangs, the stream ends, too", async () => {
    let hangs = false;
    const { hub, clock, connect } = await openMembersHub({ authorize: () => (hangs ? new Promise(() => {}) : true) });
    const { sink } = await connect(LOBBY, ada);
    hangs = true;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(5_000);
    expect(sink.ended).toBe(true);
  });

  test("writes nothing until authorize has answered, not even what was published before the command", async () => {
    let answer: (decision: boolean) => void = () => {};
    let isSlow = false;
    const { hub, clock, log, connect, say } = await openMembersHub({
      limits: { ringEntries: 2 },
      authorize: () => !isSlow || new Promise<boolean>((resolve) => (answer = resolve)),
    });
    const [position = ""] = await say("0");
    const current = await connect(LOBBY, ada);
    const behind = await connect(`${LOBBY}&after=${position}`, ada, Object.assign(new BufferSink(), { stalled: true }));
    isSlow = true;
    // The command is among the events of one read of the log.
    log.muted = true;
    await hub.publish(lobby, "message", { text: "before" });
    await hub.recheck({ address: lobby });
    await hub.publish(lobby, "message", { text: "secret 1" });
    log.muted = false;
    await say("secret 2", "secret 3", "secret 4");
    behind.sink.stalled = false;
    behind.control.drained();
    await clock.advance(4_000);
    // The answer may have another lower bound, which hides what was published before.
    for (const { sink } of [current, behind]) expect(sink.received).toEqual([]);
    answer(false);
    await clock.settle();
    expect(behind.sink.ended).toBe(true);
    await clock.advance(1_000);
    for (const { sink } of [current, behind]) expect([sink.received, sink.ended]).toEqual([[], true]);
  });

  test("goes on where it was as soon as authorize allows it", async () => {
    let answer: (decision: boolean) => void = () => {};
    let isSlow = false;
    const { hub, clock, connect, say } = await openMembersHub({
      authorize: () => !isSlow || new Promise<boolean>((resolve) => (answer = resolve)),
    });
    const { sink } = await connect(LOBBY, ada);
    isSlow = true;
    await hub.recheck({ address: lobby });
    const [id] = await say("a", "b");
    await clock.advance(1_000);
    expect(sink.received).toEqual([]);
    answer(true);
    await clock.settle();
    expect(sink.received).toEqual([said("a"), said("b")]);
    await clock.advance(15_000);
    expect(sink.of("heartbeat").at(-1)?.id).not.toBe(id);
  });

  test("does not wait for the questions about others that hang, and these end after five seconds", async () => {
    let hangs = false;
    const { hub, clock, connect, say } = await openMembersHub({
      authorize: ({ viewer }) => {
        if (!hangs) return true;
        return viewer.id !== "ada" && new Promise(() => {});
      },
    });
    const others = await Promise.all(
      Array.from({ length: 320 }, (_, index) => connect(LOBBY, { headers: { authorization: `other-${index}` } })),
    );
    const hers = await connect(LOBBY, ada);
    hangs = true;
    await hub.recheck({ address: lobby });
    await say("secret");
    expect([hers.sink.ended, hers.sink.received]).toEqual([true, []]);
    await clock.advance(4_999);
    expect(others.filter(({ sink }) => sink.ended)).toEqual([]);
    await clock.advance(1);
    expect(others.every(({ sink }) => sink.ended && sink.received.length === 0)).toBe(true);
  });

  test("comes faster than authorize answers: a stream still gets what was published before", async () => {
    const { hub, clock, connect } = await openMembersHub({
      authorize: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 100)),
    });
    const opening = connect(`${LOBBY}@now`, ada);
    await clock.advance(100);
    const { sink } = await opening;
    let count = 0;
    for (let time = 0; time < 20_000; time += 50) {
      await hub.publish(lobby, "message", { text: `${count++}` });
      await hub.recheck({ address: lobby });
      await clock.advance(50);
    }
    expect(sink.ended).toBe(false);
    expect(sink.received.length).toBeGreaterThan(count - 10);
  });

  test("comes faster than authorize answers: a value that changes even faster keeps nothing else back", async () => {
    const { hub, clock, connect } = await openMembersHub({
      authorize: () => new Promise((resolve) => void clock.setTimeout(() => resolve(true), 100)),
    });
    await hub.publish(lobby, "topic", { text: "tea" });
    const opening = connect(`${LOBBY}@now`, ada);
    for (let time = 0; time < 2_000; time += 10) {
      await hub.publish(lobby, "price", { symbol: "tea", value: time });
      if (time % 50 === 0) await hub.recheck({ address: lobby });
      if (time === 1_000) await hub.publish(lobby, "message", { text: "hi" });
      await clock.advance(10);
    }
    const { sink } = await opening;
    expect(sink.received).toEqual(['rooms/lobby:topic {"text":"tea"}', said("hi")]);
  });

  test("asks one question for all commands that come before it is asked", async () => {
    let questions = 0;
    const { hub, clock, connect } = await openMembersHub({
      authorize: () => {
        questions++;
        return true;
      },
    });
    await connect(LOBBY, ada);
    questions = 0;
    await Promise.all(Array.from({ length: 500 }, () => hub.recheck({ address: lobby })));
    await clock.settle();
    expect(questions).toBeLessThan(10);
  });

  test("with another readableFrom asks the client to come back, and shows nothing that is hidden now", async () => {
    let readableFrom: string | null = null;
    const { hub, clock, connect, say } = await openMembersHub({
      authorize: () => (readableFrom === null ? true : { readableFrom }),
    });
    const [first = ""] = await say("0");
    const stalled = Object.assign(new BufferSink(), { stalled: true });
    const { sink, control } = await connect(`${LOBBY}&after=${first}`, ada, stalled);
    const hidden = await say(...Array.from({ length: 2_000 }, () => "hidden"));
    readableFrom = hidden.at(-1) ?? "";
    await hub.recheck({ viewer: "ada" });
    await clock.settle();
    stalled.stalled = false;
    control.drained();
    await clock.settle();
    expect([sink.received, sink.of("bye")]).toEqual([[], [{ data: { reason: "expired" }, id: null }]]);
    // The client comes back from its position, and the same answer ends nothing.
    const back = await connect(`${LOBBY}&after=${first}`, ada);
    await hub.recheck({ viewer: "ada" });
    await say("shown");
    expect([back.sink.received, back.sink.ended]).toEqual([[said("shown")], false]);
  });

  test("takes over the new end of the rights", async () => {
    let expiresAt = Date.UTC(2026, 0, 2);
    const { hub, clock, connect } = await openMembersHub({ authorize: () => ({ expiresAt }) });
    const { sink } = await connect(LOBBY, ada);
    expiresAt = clock.now() + 10_000;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(11_000);
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
  });

  test("with an answer that comes after the end that it names ends the stream, and writes nothing", async () => {
    let isSlow = false;
    const { hub, clock, connect, say } = await openMembersHub({
      authorize: () => {
        if (!isSlow) return true;
        const expiresAt = clock.now() + 1_000;
        return new Promise((resolve) => void clock.setTimeout(() => resolve({ expiresAt }), 3_300));
      },
    });
    const { sink } = await connect(LOBBY, ada);
    isSlow = true;
    await hub.recheck({ viewer: "ada" });
    await clock.advance(2_000);
    await say("after the end");
    await clock.advance(1_300);
    expect([sink.received, sink.of("bye")]).toEqual([[], [{ data: { reason: "expired" }, id: null }]]);
  });

  test("an old answer that comes after a newer one does not make a right last longer", async () => {
    let expiresAt = Date.UTC(2026, 0, 2);
    const waits = [0, 2_000, 1_000];
    const { hub, clock, connect } = await openMembersHub({
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
