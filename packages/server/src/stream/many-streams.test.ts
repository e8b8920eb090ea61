import { describe, expect, test } from "vitest";
import { BufferSink } from "../../test/buffer-sink.ts";
import { lobby, openMembersHub, openTestHub, said } from "../../test/test-hub.ts";
import type { SteppedClock } from "../../test/stepped-clock.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";
const BOTH = `${LOBBY}&channel=rooms/tea`;
const STREAMS = 40;
/** Writes of a millisecond each that fit into five milliseconds. */
const MOST_WRITES = 5;

/** Sinks that take a millisecond for each write. They count the writes in each turn of the event loop. */
function countedSinks(clock: SteppedClock) {
  const perTurn: number[] = [];
  let writes = 0;
  const open = (): BufferSink => {
    const sink = new BufferSink();
    const write = sink.write.bind(sink);
    sink.write = (bytes) => {
      if (writes === 0) {
        clock.defer(() => {
          perTurn.push(writes);
          writes = 0;
        });
      }
      writes++;
      clock.jump(1);
      return write(bytes);
    };
    return sink;
  };
  const mostInATurn = async (): Promise<number> => {
    await clock.settle();
    return Math.max(...perTurn);
  };
  return { open, mostInATurn, forget: () => perTurn.splice(0) };
}

/** Waits for the end of this turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

type Opened = Awaited<ReturnType<typeof openTestHub>>;

async function openStreams({ clock, connect }: Opened, query = LOBBY) {
  const { open, mostInATurn, forget } = countedSinks(clock);
  const sinks: BufferSink[] = [];
  for (let index = 0; index < STREAMS; index++) {
    const sink = open();
    sinks.push(sink);
    await connect(query, { headers: { authorization: `viewer-${index}` } }, sink);
  }
  await clock.settle();
  forget();
  return { sinks, mostInATurn };
}

/** The reasons with which all streams have said bye, each once. */
function reasonsOf(sinks: readonly BufferSink[]): string[] {
  const byes = sinks.map((sink) => sink.of("bye").map(({ data }) => (data as { reason: string }).reason));
  return [...new Set(byes.map((reasons) => reasons.join(" and ")))];
}

describe("a turn of the event loop has time for a few of many streams", () => {
  test("that have heartbeats at the same moment", async () => {
    const testHub = await openTestHub();
    const { sinks, mostInATurn } = await openStreams(testHub);
    await testHub.clock.advance(15_500);
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(sinks.map((sink) => sink.of("heartbeat").length)).toEqual(sinks.map(() => 1));
  });

  test("whose heartbeats lie before an event that comes meanwhile, or have its position", async () => {
    const testHub = await openTestHub();
    const { hub, clock } = testHub;
    const { sinks } = await openStreams(testHub);
    const advancing = clock.advance(15_500);
    while (!sinks.some((sink) => sink.of("heartbeat").length > 0)) {
      await turn();
    }
    await hub.publish(lobby, "message", { text: "a" });
    await advancing;
    for (const sink of sinks) {
      const seqs = sink.events.flatMap(({ id }) => (id === null ? [] : [Number(id.split(".")[1])]));
      expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
      expect(sink.received).toEqual([said("a")]);
    }
  });

  test.each([
    ["of one address that somebody ends", LOBBY, "forbidden"],
    ["that lose one of their addresses", BOTH, "forbidden"],
  ])("%s", async (_, query, reason) => {
    const testHub = await openMembersHub();
    const { hub, clock, say } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub, query);
    await Promise.all([hub.disconnect({ address: lobby }), hub.publish(lobby, "message", { text: "secret" })]);
    await say("secret");
    await clock.settle();
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual([reason]);
    // Nothing of the address is written while streams wait for their turn.
    expect(sinks.flatMap(({ received }) => received)).toEqual([]);
  });

  test("of one viewer who is disconnected", async () => {
    const testHub = await openTestHub({ authenticate: () => ({ id: "ada" }) });
    const { hub, clock, say } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub);
    await hub.disconnect({ viewer: "ada" });
    await say("secret");
    await clock.settle();
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["expired"]);
    expect(sinks.flatMap(({ received }) => received)).toEqual([]);
    expect(hub.stats().connections).toBe(0);
  });

  test("that end since commands may have been lost", async () => {
    const testHub = await openMembersHub({ log: new WatchedLog({ keep: { entries: 1 } }) });
    const { hub, log, clock } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub);
    log.muted = true;
    for (let count = 0; count <= 64; count++) await hub.recheck({ viewer: "nobody" });
    await clock.advance(1_500);
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["expired"]);
  });

  test.each([
    ["answers no", () => false, "forbidden"],
    ["fails", () => Promise.reject(new Error("Expected a database, got none.")), "expired"],
  ])("about which authorize %s for all at the same moment", async (_, answer, reason) => {
    let answered: (() => void) | null = null;
    const answering = new Promise<void>((resolve) => (answered = resolve));
    let asks = false;
    const testHub = await openMembersHub({
      authorize: async () => {
        if (!asks) return true;
        await answering;
        return answer();
      },
    });
    const { hub, clock, say } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub);
    asks = true;
    await hub.recheck({ address: lobby });
    await say("secret");
    (answered as unknown as () => void)();
    await clock.settle();
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual([reason]);
    expect(sinks.flatMap(({ received }) => received)).toEqual([]);
  });

  test("about which authorize hangs", async () => {
    let hangs = false;
    const testHub = await openMembersHub({ authorize: () => (hangs ? new Promise(() => {}) : true) });
    const { hub, clock } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub);
    hangs = true;
    await hub.recheck({ address: lobby });
    await clock.advance(5_500);
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["expired"]);
  });

  test("whose rights end at the same moment; from then on they get nothing", async () => {
    let expiresAt = Infinity;
    const testHub = await openMembersHub({ authorize: () => ({ expiresAt }) });
    const { hub, clock } = testHub;
    expiresAt = clock.now() + 9_500;
    const { sinks, mostInATurn } = await openStreams(testHub);
    await clock.advance(9_000);
    clock.jump(expiresAt - clock.now());
    await hub.publish(lobby, "message", { text: "secret" });
    await clock.advance(2_000);
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["expired"]);
    expect(sinks.flatMap(({ received }) => received)).toEqual([]);
  });

  test("that are too old at the same moment", async () => {
    const testHub = await openTestHub({ limits: { maxAge: 60_000 } });
    const { sinks, mostInATurn } = await openStreams(testHub);
    await testHub.clock.advance(70_000);
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["max-age"]);
  });

  test("of a hub that closes, which waits until all have said bye", async () => {
    const testHub = await openTestHub();
    const { hub, clock } = testHub;
    const { sinks, mostInATurn } = await openStreams(testHub);
    const closing = hub.close();
    await clock.settle();
    await closing;
    expect(await mostInATurn()).toBeLessThanOrEqual(MOST_WRITES);
    expect(reasonsOf(sinks)).toEqual(["draining"]);
    expect(sinks.every(({ ended }) => ended)).toBe(true);
  });
});

test("a reader that leaves before its bye, and one that makes room meanwhile, end once", async () => {
  const testHub = await openTestHub({
    authenticate: () => ({ id: "ada" }),
    limits: { connectionsPerViewer: STREAMS + 1 },
  });
  const { hub, clock, connect } = testHub;
  const { sinks } = await openStreams(testHub);
  const left = await connect(LOBBY);
  await hub.disconnect({ viewer: "ada" });
  while (!sinks.some(({ ended }) => ended)) await turn();
  left.control.closed();
  const newest = await connect(LOBBY);
  await clock.settle();
  expect([left.sink.ended, left.sink.of("bye")]).toEqual([false, []]);
  expect(sinks.map((sink) => sink.of("bye").length)).toEqual(sinks.map(() => 1));
  expect(newest.sink.ended).toBe(false);
  expect(hub.stats().connections).toBe(1);
});
