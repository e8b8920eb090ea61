import type { Hub } from "@tidings/server";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { summaryOf, type Sample } from "../speed/results.ts";
import { contract, room, wallClock, type LogAddress } from "./engine.ts";
import { follow } from "./follow.ts";

/** How long each rate is measured, in milliseconds. */
const TIME = 1_000;
/** How many events are published for the latencies, and the milliseconds between two of them. */
const PACED = 50;
const PACE = 20;
const TEXT = "x".repeat(100);

const eventFor = (address: typeof room) => ({ address, type: "said", data: { at: wallClock(), text: TEXT } }) as const;

/** Events per second that the publishers publish together. Each waits for its batch before the next one. */
async function rate(hub: Hub<typeof contract>, publishers: number, batch: number): Promise<number> {
  const addresses = Array.from({ length: 10 }, (_, index) => contract.room({ roomId: `${index}` }));
  const events = Array.from({ length: batch }, (_, index) => eventFor(addresses[index % 10] ?? room));
  let published = 0;
  const begun = performance.now();
  const publish = async (): Promise<void> => {
    while (performance.now() - begun < TIME) {
      await hub.publishAll(events);
      published += batch;
    }
  };
  await Promise.all(Array.from({ length: publishers }, publish));
  return published / ((performance.now() - begun) / 1_000);
}

/** Starts a process that follows the log. */
export async function startReader(place: LogAddress): Promise<ChildProcess> {
  const execArgv = ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"];
  const reader = fork(join(import.meta.dirname, "reader.ts"), [JSON.stringify(place)], { execArgv });
  await once(reader, "message");
  return reader;
}

/** The times of the events that the reader has got since the last call. */
async function timesOf(reader: ChildProcess | null): Promise<readonly number[]> {
  if (reader === null) return [];
  const answer = once(reader, "message");
  reader.send("report");
  // Safe: benchmarks/engines/reader.ts sends its times.
  const [times] = (await answer) as [number[]];
  return times;
}

const quantile = (times: readonly number[], part: number): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * part)] ?? Number.NaN;

/** @param reader another process on the same log; null if no other process can open it */
export async function measure(hub: Hub<typeof contract>, reader: ChildProcess | null): Promise<Sample> {
  const here = follow(hub);
  // Both readers have to be at the head of the log, behind all that was published before.
  const isHere = async (): Promise<boolean> => here.times.length > 0;
  const isThere = async (): Promise<boolean> => (await timesOf(reader)).length > 0;
  for (const isCaughtUp of reader === null ? [isHere] : [isHere, isThere]) {
    do {
      await hub.publish(room, "said", eventFor(room).data);
      await delay(PACE);
    } while (!(await isCaughtUp()));
  }
  await delay(500);
  here.times.length = 0;
  await timesOf(reader);
  for (let count = 0; count < PACED; count++) {
    await hub.publish(room, "said", eventFor(room).data);
    await delay(PACE);
  }
  await delay(500);
  await here.stop();
  const latencies = {
    "same process, p50 (ms)": summaryOf(here.times).median,
    "same process, p99": quantile(here.times, 0.99),
  };
  const there = await timesOf(reader);
  if (reader !== null && there.length < PACED) {
    throw new Error(`Expected ${PACED} events in the other process, got ${there.length}.`);
  }
  // After the latencies: readers get through what the rates publish while the other engines have their turns.
  const rates = {
    "one publisher (events/s)": await rate(hub, 1, 1),
    "16 publishers": await rate(hub, 16, 1),
    "batches of 100": await rate(hub, 1, 100),
  };
  if (reader === null) return { ...rates, ...latencies };
  return {
    ...rates,
    ...latencies,
    "other process, p50 (ms)": summaryOf(there).median,
    "other process, p99": quantile(there, 0.99),
  };
}
