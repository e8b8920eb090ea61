import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { lobby, openMembersHub, openTestHub, parsePage, request, said } from "../../test/test-hub.ts";
import { WatchedLog } from "../../test/watched-log.ts";

const LOBBY = "channel=rooms/lobby";
const JSON_HEADERS = { accept: "application/json" };

/** A log whose reads that name one channel hang. */
class BadChannelLog extends WatchedLog {
  override read(...args: Parameters<WatchedLog["read"]>): ReturnType<WatchedLog["read"]> {
    return args[1]?.includes("rooms/bad") ? new Promise(() => {}) : super.read(...args);
  }
}

/** A log whose reads of history wait until they may go on. */
class LateLog extends WatchedLog {
  #waiting = Promise.resolve();
  goOn = (): void => {};

  wait(): void {
    this.#waiting = new Promise((resolve) => (this.goOn = resolve));
  }

  override async recent(...args: Parameters<WatchedLog["recent"]>): ReturnType<WatchedLog["recent"]> {
    await this.#waiting;
    return super.recent(...args);
  }
}

describe("a channel whose reads hang", () => {
  test("keeps nobody else waiting", async () => {
    const log = new BadChannelLog();
    const { hub, clock, connect, say } = await openTestHub({ log, limits: { ringEntries: 1 } });
    const [first = ""] = await say("a", "b", "c");
    for (let count = 0; count < 200; count++) await connect(`channel=rooms/bad&channel=rooms/${count}&after=${first}`);
    await clock.advance(30_000);
    const now = await connect(LOBBY);
    const returned = await connect(`${LOBBY}&after=${first}`);
    await clock.advance(1_000);
    await hub.publish(lobby, "message", { text: "d" });
    await clock.settle();
    expect(now.sink.received).toEqual([said("d")]);
    expect(returned.sink.received).toEqual(["b", "c", "d"].map(said));
  });
});

describe("a hook that hangs", () => {
  test.each(["authenticate", "authorize"] as const)("%s: 503 after ten seconds, and reported", async (name) => {
    const { hub, clock, records } = await openTestHub({ [name]: () => new Promise(() => {}) });
    for (const headers of [{}, JSON_HEADERS]) {
      const asking = hub.handle(request(`${LOBBY}&protocol=1`, { headers }));
      await clock.advance(10_000);
      expect(parsePage(await asking)).toMatchObject({ status: 503, json: { code: "unavailable" } });
    }
    const record = expect.objectContaining({ level: "error", event: "hook-failed", detail: name });
    expect(records).toEqual([record, record]);
  });

  test.each(["authenticate", "authorize"] as const)(
    "%s: a client that leaves is waited for no longer than a second, and the hook is reported all the same",
    async (name) => {
      const { hub, clock, records } = await openTestHub({ [name]: () => new Promise(() => {}) });
      for (const headers of [{}, JSON_HEADERS]) {
        const client = new AbortController();
        const asking = hub.handle(request(`${LOBBY}&protocol=1`, { headers, signal: client.signal }));
        let isOver = false;
        void asking.then(() => (isOver = true));
        await clock.advance(1_500);
        expect(isOver).toBe(false);
        client.abort();
        await clock.advance(1_000);
        expect(isOver).toBe(true);
        expect(records).toEqual([]);
        await clock.advance(10_000);
        expect(records).toEqual([expect.objectContaining({ event: "hook-failed", detail: name })]);
        records.length = 0;
      }
    },
  );

  test("keeps nothing of the request of a client that has left, also if its promise is kept", async () => {
    const kept = new Promise<null>(() => {});
    const { hub, clock } = await openTestHub({ authenticate: () => kept });
    async function askAndLeave(): Promise<WeakRef<object>> {
      const client = new AbortController();
      const asked = request(`${LOBBY}&protocol=1`, { signal: client.signal });
      const asking = hub.handle(asked);
      client.abort();
      await clock.advance(1_000);
      await asking;
      return new WeakRef(asked);
    }
    const asked = await askAndLeave();
    setFlagsFromString("--expose-gc");
    // With the flag set, a new context has it. A weak reference holds until the end of the turn that has made it.
    await new Promise((resolve) => void setImmediate(resolve));
    (runInNewContext("gc") as () => void)();
    expect([asked.deref(), kept]).toEqual([undefined, kept]);
  });

  test("a loader: 503 after ten seconds, reported, and the next request loads again", async () => {
    let loads = 0;
    const { hub, clock, records } = await openTestHub({
      snapshot: { room: () => (loads++ === 0 ? new Promise(() => {}) : { texts: ["a"] }) },
    });
    const ask = () => hub.handle(request(`${LOBBY}&snapshot`, { headers: JSON_HEADERS }));
    const asking = [ask(), ask()];
    await clock.advance(10_000);
    for (const answer of await Promise.all(asking)) expect(parsePage(answer).status).toBe(503);
    expect(records).toEqual([
      expect.objectContaining({ event: "hook-failed", detail: "snapshot", channel: "rooms/lobby" }),
    ]);
    const again = ask();
    await clock.settle();
    expect(parsePage(await again).json.state).toEqual({ "rooms/lobby": { texts: ["a"] } });
  });
});

test("pages whose clients have left give back the room of their viewer, whatever they wait for", async () => {
  let hangs = true;
  const { hub, clock, ask, log } = await openMembersHub({
    snapshot: { room: () => (hangs ? new Promise(() => {}) : { texts: [] }) },
  });
  const headers = { ...JSON_HEADERS, authorization: "ada" };
  const clients: AbortController[] = [];
  for (const query of [`${LOBBY}&snapshot`, `${LOBBY}&wait=60`, `${LOBBY}&last=5`, `${LOBBY}@now`]) {
    // The last two wait for the log.
    log.hangs = query.endsWith("5") || query.endsWith("now");
    for (let count = 0; count < 64; count++) {
      const client = new AbortController();
      clients.push(client);
      void hub.handle(request(query, { headers, signal: client.signal }));
    }
    await clock.settle();
  }
  log.hangs = false;
  // Waiting pages fill the room of streams, the others the room of pages.
  expect((await ask(`${LOBBY}&protocol=1`, { headers: { authorization: "ada" } })).status).toBe(429);
  expect((await ask(`${LOBBY}&last=1`, { headers })).status).toBe(429);
  for (const client of clients) client.abort();
  hangs = false;
  await clock.settle();
  expect((await ask(`${LOBBY}&protocol=1`, { headers: { authorization: "ada" } })).status).toBe(200);
});

describe("pages that wait until authorize is asked again", () => {
  const READERS = 80;

  /** Pages of almost a megabyte each. They are made, and then authorize hangs. */
  async function makePages() {
    let hangs = false;
    const log = new LateLog();
    const opened = await openMembersHub({ log, authorize: () => (hangs ? new Promise(() => {}) : true) });
    const { hub, clock } = opened;
    for (let count = 0; count < 15; count++) await hub.publish(lobby, "message", { text: "x".repeat(60_000) });
    log.wait();
    const client = new AbortController();
    const ask = (authorization: string) => {
      const headers = { ...JSON_HEADERS, authorization };
      return hub.handle(request(`${LOBBY}&last=15`, { headers, signal: client.signal }));
    };
    const asking = Array.from({ length: READERS }, (_, number) => ask(`reader ${number}`));
    await clock.settle();
    hangs = true;
    await hub.recheck({ address: lobby });
    await clock.settle();
    log.goOn();
    await clock.settle();
    return { ...opened, asking, client };
  }

  test("take the room of answers and of what pages hold, and no more", async () => {
    const { clock, asking } = await makePages();
    let refused = 0;
    for (const each of asking) void each.then(() => refused++);
    await clock.advance(5_000);
    // 32 and 16 MB.
    expect((READERS - refused) * 900_000).toBeLessThan(50 * 1024 * 1024);
    for (const answer of asking.slice(0, 1)) expect(parsePage(await answer)).toMatchObject({ status: 503 });
  });

  test("are given up when their clients leave", async () => {
    const { clock, asking, client } = await makePages();
    client.abort();
    await clock.settle();
    for (const answer of asking) expect((await answer).status).toBe(503);
  });
});
