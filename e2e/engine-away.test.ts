import { memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { VirtualClock } from "../packages/testing/src/virtual-clock.ts";
import { contract } from "./leases/contract.ts";

const board = contract.board({ id: "lobby" });

type State = "there" | "away" | "silent";

/**
 * A log whose server can go away, or say nothing any more: then no call ever settles. Its doorbell is silent, as while
 * a process listens again.
 */
function startEngine() {
  const storage = memoryLog();
  let state: State = "there";
  const ask =
    <Parameters extends readonly unknown[], Answer>(call: (...parameters: Parameters) => Promise<Answer>) =>
    async (...parameters: Parameters): Promise<Answer> => {
      if (state === "away") throw new Error("nobody there");
      if (state === "silent") return new Promise(() => {});
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
    become: (next: State): void => {
      state = next;
    },
  };
}

/** A hub on such a log, with a loop that has heard of an event. */
async function startHub() {
  const clock = new VirtualClock();
  const engine = startEngine();
  const hub = createHub(contract, { log: engine.log, authorize: () => true, clock, onLog: () => {} });
  const heard: string[] = [];
  const following = (async () => {
    for await (const item of hub.events(board)) heard.push(item.kind === "event" ? item.data.text : item.kind);
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
  /** What another server publishes. */
  const sayElsewhere = (text: string) =>
    engine.storage.append([{ channel: board.path, type: "line", mode: "reliable", data: JSON.stringify({ text }) }]);
  return { clock, engine, heard, say, sayElsewhere };
}

test.for([1, 400, 999, 60_000, 600_000])(
  "after an engine was away for %d ms, a publish succeeds at once, and a stream has it within a second",
  async (milliseconds) => {
    const { clock, engine, heard, say, sayElsewhere } = await startHub();
    engine.become("away");
    await expect(say("meanwhile")).rejects.toThrow("nobody there");
    await clock.advance(milliseconds);
    engine.become("there");
    const back = clock.now();
    await say("after");
    expect(clock.now() - back).toBe(0);
    await sayElsewhere("other");
    await clock.advance(1_000);
    expect(heard).toEqual(["before", "after", "other"]);
  },
);

test.for([1, 999, 60_000, 600_000])(
  "after an engine has said nothing for %d ms, streams go on when the read that got no answer is given up",
  async (milliseconds) => {
    const { clock, engine, heard, say, sayElsewhere } = await startHub();
    engine.become("silent");
    const meanwhile = say("meanwhile").catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await meanwhile).toMatchObject({ name: "AppendError", outcome: "unknown" });
    await clock.advance(milliseconds);
    engine.become("there");
    await say("after");
    await sayElsewhere("other");
    // A read is given up after 10 s, and a poll comes a second later.
    await clock.advance(11_000);
    expect(heard).toEqual(["before", "after", "other"]);
  },
);
