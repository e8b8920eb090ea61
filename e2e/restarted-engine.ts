import type { EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { expect, onTestFinished } from "vitest";
import { openStream } from "./open-stream.ts";
import { contract } from "./leases/contract.ts";

// What a hub does while the server of its log is killed and started again.

const board = contract.board({ id: "lobby" });
const STREAMS = 300;
/** The bar of a publish after a restart is a second. A busy machine has ten times as long. */
const BACK = 10_000;
const PATIENT = { timeout: 30_000, interval: 20 };

/** The server of a log. */
export interface RestartableServer {
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Counts the reads that name a path of the contract. Those of the tailer, one for the whole process, name none. */
function countReads(log: EventLog) {
  const counted = { streams: 0, tailer: 0 };
  const counting = wrapLog(log, {
    read(after, channels, ...rest) {
      if (channels?.includes(board.path) === true) counted.streams++;
      else counted.tailer++;
      return log.read(after, channels, ...rest);
    },
  });
  return { counting, counted };
}

/** How often a text comes in another one. */
const countOf = (part: string, text: string): number => text.split(part).length - 1;

/**
 * With 300 open streams, a restart of the server costs no read of the log but those of the tailer. Publishing is
 * refused meanwhile, and succeeds within a second after the server is back. Every stream gets everything once.
 */
export async function expectCheapRestart(log: EventLog, server: RestartableServer): Promise<void> {
  const { counting, counted } = countReads(log);
  const hub = createHub(contract, { log: counting, authorize: () => true, onLog: () => {} });
  onTestFinished(() => hub.close());
  const handle = toFetchHandler(hub);
  const url = `http://hub.example/events?protocol=1&channel=${board.path}`;
  const streams = await Promise.all(Array.from({ length: STREAMS }, () => openStream(handle, url)));
  const say = (text: string) => hub.publish(board, "line", { text }, { idempotencyKey: text });
  const allHave = (text: string) =>
    expect.poll(() => streams.filter((stream) => stream.text.includes(text)).length, PATIENT);
  await say("before");
  await allHave("before").toBe(STREAMS);
  counted.streams = 0;

  await server.kill();
  await expect(say("meanwhile")).rejects.toMatchObject({ name: "AppendError" });
  const refused = performance.now();
  await expect(say("meanwhile")).rejects.toMatchObject({ name: "AppendError", outcome: "none" });
  expect(performance.now() - refused).toBeLessThan(BACK);
  await server.start();
  // The first attempt succeeds.
  const back = performance.now();
  await say("after");
  expect(performance.now() - back).toBeLessThan(BACK);
  await allHave("after").toBe(STREAMS);

  expect(counted.streams).toBe(0);
  expect(counted.tailer).toBeGreaterThan(0);
  const seen = streams.map(({ text }) =>
    ["before", "after", "event: gap", "event: bye"].map((part) => countOf(part, text)),
  );
  expect(seen).toEqual(streams.map(() => [1, 1, 0, 0]));
}
