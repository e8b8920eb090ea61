import type { Entry } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { chat, lobby, openMembersHub, openTestHub, said, tea } from "../../test/test-hub.ts";
import type { Selector } from "./command.ts";
import { createCommands, type CommandedStream } from "./commands.ts";

const LOBBY = "channel=rooms/lobby";
const BOTH = `${LOBBY}&channel=rooms/tea`;

const ada = { headers: { authorization: "ada" } };
const bob = { headers: { authorization: "bob" } };

/** Lets a member of an object have one value after the other; the last one stays. */
function changing(object: object, key: string, ...values: unknown[]): object {
  return Object.defineProperty(object, key, {
    enumerable: true,
    get: () => (values.length > 1 ? values.shift() : values[0]),
  });
}

describe("disconnect", () => {
  test("ends the streams of a viewer, who may come back at once with new credentials", async () => {
    const { hub, clock, connect } = await openMembersHub();
    const streams = [await connect(LOBBY, ada), await connect(BOTH, ada), await connect(LOBBY, bob)];
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    expect(streams.map(({ sink }) => sink.ended)).toEqual([true, true, false]);
    expect(streams[0]?.sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
    expect(hub.stats().connections).toBe(1);
  });

  test("of an address ends it on the streams that follow it, and they get nothing more of it", async () => {
    const { hub, clock, connect, say } = await openMembersHub();
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
    const { hub, connect, say } = await openMembersHub();
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
    ["a viewer that is undefined beside an address", { viewer: undefined, address: lobby }, 'Expected "viewer" in'],
    ["an address that is undefined beside a viewer", { viewer: "ada", address: undefined }, 'Expected "address" in'],
    ["a viewer that is undefined", { viewer: undefined }, "got undefined; leave the key out"],
    ["a viewer object", { viewer: { id: "ada" } }, "got object"],
    ["a misspelt key beside a viewer", { viewer: "ada", adress: lobby }, 'got "adress"'],
    ["a path instead of an address", { address: "rooms/lobby" }, "got string; make it with a channel function"],
    ["a channel instead of an address", { address: chat.room }, "got function"],
    ["an address that is null", { viewer: "ada", address: null }, "got null"],
    ["a path of no channel", { address: { path: "romms/lobby" } }, 'got the path "romms/lobby"'],
  ])("of %s is refused, and nobody is ended", async (_, selector, message) => {
    const { hub, clock, connect } = await openMembersHub();
    const { sink } = await connect(LOBBY, ada);
    for (const verb of ["disconnect", "recheck"] as const) {
      await expect(hub[verb](selector as never)).rejects.toThrow(TypeError);
      await expect(hub[verb](selector as never)).rejects.toThrow(message);
    }
    await clock.settle();
    expect(sink.ended).toBe(false);
  });

  test("ends the streams of a viewer whose object the application has changed since, and counts right", async () => {
    const viewer = { id: "ada" };
    const options = { authenticate: () => viewer, limits: { connectionsPerViewer: 1 } };
    const { hub, clock, connect, page } = await openTestHub(options);
    const hers = await connect(LOBBY);
    viewer.id = "bob";
    const his = await connect(LOBBY);
    await page(LOBBY);
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    expect([hers.sink.ended, his.sink.ended]).toEqual([true, false]);
    await hub.disconnect({ viewer: "bob" });
    await clock.settle();
    expect(his.sink.ended).toBe(true);
    // Neither has a stream that counts: the limit is one.
    for (const id of ["ada", "bob"]) {
      viewer.id = id;
      const { sink, control } = await connect(LOBBY);
      expect(sink.of("bye")).toEqual([]);
      control.closed();
    }
  });

  test("ends the stream of a viewer whose object the application changes before it is open", async () => {
    const viewer = { id: "ada" };
    const heard: string[] = [];
    const { hub, clock, ask } = await openTestHub({
      authenticate: () => viewer,
      limits: { connectionsPerViewer: 1 },
      onConnect: ({ viewerId }) => void heard.push(viewerId),
      onDisconnect: ({ viewerId }) => void heard.push(viewerId),
    });
    const response = await ask(LOBBY);
    viewer.id = "bob";
    const sink = new BufferSink();
    if ("open" in response) response.open(sink);
    // The room that it takes is hers.
    expect((await ask(LOBBY)).status).toBe(200);
    await hub.disconnect({ viewer: "bob" });
    await clock.settle();
    expect(sink.ended).toBe(false);
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    expect(sink.ended).toBe(true);
    expect(heard).toEqual(["ada", "ada"]);
  });

  test("about a viewer whose object the application changes before the stream is open is not missed", async () => {
    const viewer = { id: "ada" };
    const { hub, clock, ask } = await openTestHub({ authenticate: () => viewer });
    const response = await ask(LOBBY);
    viewer.id = "bob";
    await hub.disconnect({ viewer: "ada" });
    await clock.settle();
    const sink = new BufferSink();
    if ("open" in response) response.open(sink);
    expect(sink.ended).toBe(true);
  });

  test.each<readonly [what: string, selector: object]>([
    ["a viewer", changing({}, "viewer", "ada", "ada", undefined)],
    ["an address", changing({}, "address", tea, tea, undefined)],
    ["the path of an address", { address: changing({ ...tea }, "path", tea.path, undefined) }],
  ])("means %s as it was first read, also if it changes", async (_, selector) => {
    const { hub, clock, connect } = await openMembersHub();
    const { sink } = await connect(LOBBY, bob);
    await hub.disconnect(selector);
    await clock.settle();
    expect(sink.ended).toBe(false);
  });

  test("reaches a reader that lags: it gets nothing more from the log", async () => {
    const { hub, clock, connect, say } = await openMembersHub({ limits: { ringEntries: 1 } });
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
    const one = await openMembersHub();
    const other = await openMembersHub({ log: one.log });
    const { sink } = await other.connect(LOBBY, ada);
    await one.hub.disconnect({ viewer: "ada" });
    await other.clock.settle();
    expect(sink.ended).toBe(true);
  });

  test("cannot be asked for by a client, nor published by an application", async () => {
    const { hub, page } = await openMembersHub();
    expect((await page("channel=$hub")).status).toBe(400);
    // Types refuse the path; JavaScript can pass anything.
    const command = { ...lobby, path: "$hub" as typeof lobby.path };
    await expect(hub.publish(command, "message", { text: "{}" })).rejects.toThrow('got the path "$hub"');
  });
});

describe("a command that comes while a stream is being opened", () => {
  test("is carried out when it opens", async () => {
    const { hub, clock, ask } = await openMembersHub();
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

  test("asks again about the viewer or the readers of the address, before anything is written", async () => {
    const asked: string[] = [];
    let answer: () => void = () => {};
    let mayAnswer = Promise.resolve();
    const { hub, clock, ask, say } = await openMembersHub({
      authorize: async ({ viewer, path }) => {
        asked.push(`${viewer.id} ${path}`);
        await mayAnswer;
        return viewer.id !== "ada";
      },
    });
    const [position = ""] = await say("before");
    const queries = [`${LOBBY}@now`, `${LOBBY}&after=${position}`, "channel=rooms/tea"].map(async (query, index) =>
      ask(query, [bob, { headers: { authorization: "cat" } }, bob][index]),
    );
    const responses = await Promise.all(queries);
    await hub.publish(lobby, "topic", { text: "secret topic" });
    await hub.recheck({ address: lobby });
    await say("secret");
    asked.length = 0;
    mayAnswer = new Promise((resolve) => (answer = resolve));
    const sinks = responses.map((response) => {
      const sink = new BufferSink();
      if ("open" in response) response.open(sink);
      return sink;
    });
    await clock.settle();
    expect(sinks.map(({ received }) => received)).toEqual([[], [], []]);
    expect(asked).toEqual(["bob rooms/lobby", "cat rooms/lobby"]);
    answer();
    await clock.settle();
    const topic = 'rooms/lobby:topic {"text":"secret topic"}';
    expect(sinks.map(({ received }) => received)).toEqual([[topic, said("secret")], [topic, said("secret")], []]);
  });

  test("ends a stream whose right was taken meanwhile, and it gets nothing", async () => {
    let allowed = true;
    const { hub, clock, ask, say } = await openMembersHub({ authorize: () => allowed });
    const response = await ask(`${LOBBY}@now`, ada);
    allowed = false;
    await hub.recheck({ viewer: "ada" });
    await say("secret");
    const sink = new BufferSink();
    if ("open" in response) response.open(sink);
    await clock.settle();
    expect([sink.received, sink.of("bye")]).toEqual([[], [{ data: { reason: "forbidden" }, id: null }]]);
  });

  test("ends the stream if it is lost", async () => {
    const { hub, log, clock, ask } = await openMembersHub({ keep: { entries: 1 } });
    const response = await ask(LOBBY, ada);
    log.muted = true;
    for (let count = 0; count <= 64; count++) await hub.recheck({ viewer: "bob" });
    await clock.advance(1_000);
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
  });

  test("ends the stream if more commands have come than are remembered", async () => {
    const { hub, clock, ask } = await openMembersHub({ limits: { ringEntries: 5_000 } });
    const response = await ask(LOBBY, ada);
    for (let index = 0; index < 33_000; index++) {
      await hub.recheck({ viewer: `v${index}` });
      if (index % 1_000 === 0) await clock.settle();
    }
    await clock.settle();
    if (!("open" in response)) throw new Error("Expected a stream.");
    const sink = new BufferSink();
    response.open(sink);
    expect(sink.ended).toBe(true);
  });
});

test("many commands about others end no stream, although retention keeps fewer events of a channel", async () => {
  for (const keep of [{}, { entries: 100 }]) {
    const { hub, clock, connect, ask, say } = await openMembersHub({ keep });
    const { sink } = await connect(LOBBY, ada);
    const opening = await ask(LOBBY, ada);
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => hub.recheck({ viewer: `absent-${index}` })));
    await clock.advance(1_000);
    const late = new BufferSink();
    if ("open" in opening) opening.open(late);
    await say("a");
    expect([sink.received, sink.ended]).toEqual([[said("a")], false]);
    expect([late.received, late.ended]).toEqual([[said("a")], false]);
  }
});

test("a command of a newer release rechecks everybody", async () => {
  let allowed = true;
  const { log, clock, connect } = await openMembersHub({ authorize: () => allowed });
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
  const { hub, log, clock, connect } = await openMembersHub({ keep: { entries: 1 } });
  const { sink } = await connect(LOBBY, ada);
  log.muted = true;
  for (let count = 0; count <= 64; count++) await hub.recheck({ viewer: "bob" });
  await clock.advance(1_000);
  expect(sink.of("bye")).toEqual([{ data: { reason: "expired" }, id: null }]);
});

/** Commands over three streams. They note whom they look at. */
function watchedCommands() {
  const looked: string[] = [];
  const streamOf = (id: string) => ({
    get viewerId() {
      looked.push(id);
      return id;
    },
    fromByPath: new Map(),
  });
  const all = ["ada", "bob", "cat"].map((id) => streamOf(id) as unknown as CommandedStream);
  const commands = createCommands({
    contract: chat,
    streams: { [Symbol.iterator]: () => all.values(), ofViewer: (id) => (id === "bob" ? all.slice(1, 2) : []) },
    followers: { streamsOf: (path) => (path === lobby.path ? all.slice(2) : []) },
    rechecks: { ask: () => {} },
    random: () => 0.5,
  });
  const recheck = (selectors: readonly Selector[]) =>
    commands.follow(
      selectors.map((selector, seq) => ({ ...commands.entry("recheck", selector), seq, at: 0 }) as unknown as Entry),
      [],
    );
  return { looked, recheck };
}

test("a command looks at the streams of its viewer or address only", () => {
  const { looked, recheck } = watchedCommands();
  recheck([{ viewer: "bob" }, { viewer: "absent" }, { address: lobby }, { address: tea }]);
  expect(looked).toEqual(["bob", "cat"]);
});

test("of many commands that say the same and come together, one is carried out", () => {
  const { looked, recheck } = watchedCommands();
  recheck(Array.from({ length: 1_000 }, () => [{ viewer: "bob" }, { address: lobby }]).flat());
  expect(looked).toEqual(["bob", "cat"]);
});
