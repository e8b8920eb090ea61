import { memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { contract } from "./leases/contract.ts";

const board = contract.board({ id: "lobby" });

/** A log whose server can go away. Its doorbell is silent, as while a process listens again. */
function startEngine() {
  const storage = memoryLog();
  let isAway = false;
  const ask =
    <Parameters extends readonly unknown[], Answer>(call: (...parameters: Parameters) => Promise<Answer>) =>
    async (...parameters: Parameters): Promise<Answer> => {
      if (isAway) throw new Error("nobody there");
      return call(...parameters);
    };
  const log: EventLog = wrapLog(storage, {
    append: ask((batch) => storage.append(batch)),
    read: ask((...asked) => storage.read(...asked)),
    current: ask((...asked) => storage.current(...asked)),
    head: ask(() => storage.head()),
    trim: ask(() => storage.trim()),
    watch: () => () => {},
  });
  return {
    storage,
    log,
    setAway: (away: boolean): void => {
      isAway = away;
    },
  };
}

test.for([1, 400, 999, 60_000, 600_000])(
  "after an engine was away for %d ms, a publish succeeds at once, and a stream has it within a second",
  async (milliseconds) => {
    const clock = new VirtualClock();
    const { storage, log, setAway } = startEngine();
    const hub = createHub(contract, { log, authorize: () => true, clock, onLog: () => {} });
    const heard: string[] = [];
    const following = (async () => {
      for await (const item of hub.events(board)) {
        heard.push(item.kind === "event" ? JSON.stringify(item.data) : item.kind);
      }
    })();
    onTestFinished(async () => {
      const closing = hub.close();
      await clock.advance(60_000);
      await Promise.all([closing, following]);
    });
    const say = (text: string) => hub.publish(board, "line", { text });
    await clock.advance(1_000);
    await say("before");
    await clock.advance(1_000);
    setAway(true);
    await expect(say("meanwhile")).rejects.toThrow("nobody there");
    await clock.advance(milliseconds);
    setAway(false);
    const back = clock.now();
    await say("after");
    expect(clock.now() - back).toBe(0);
    // And what another server publishes.
    await storage.append([{ channel: board.path, type: "line", mode: "reliable", data: '{"text":"other"}' }]);
    await clock.advance(1_000);
    expect(heard).toEqual(['{"text":"before"}', '{"text":"after"}', '{"text":"other"}']);
  },
);
