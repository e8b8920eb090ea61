import { expect, onTestFinished } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { POSTERS, type Lobby } from "./lobby.ts";
import { Publisher } from "./publisher.ts";
import type { RawReader } from "./raw-reader.ts";
import { startReaders } from "./readers.ts";

export const READERS = 20;
/** Milliseconds after which a reader whose connection broke asks again. */
const BACKOFF = 50;

export interface KillReport {
  readonly kills: number;
  readonly acked: number;
  readonly deliveries: number;
  /** Posts that were cut off, and tried again. */
  readonly retried: number;
  /** From the death of a server to another one that listens. */
  readonly start: Times;
  /** From a server that listens to the first event at a reader, and what of that comes after the reader's question. */
  readonly first: Times;
  readonly answer: Times;
}

/** Milliseconds: half of them, 99 in 100, and all took no longer. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

function timesOf(values: readonly number[]): Times {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0 };
}

/**
 * Kills a server again and again while posters post and readers read, and expects that every acknowledged message is at every
 * reader, once, in the order of the store.
 * @param onKill called after each
 */
export async function killUnderLoad(
  { start, post, reading, stored }: Lobby,
  kills: number,
  onKill: (number: number) => void = () => {},
): Promise<KillReport> {
  let server = await start();
  // Clients keep their address while the server changes its own.
  const proxy = await createProxy(() => server.port);
  onTestFinished(() => proxy.close());
  const readers = await startReaders(READERS, proxy.port, { ...reading, backoff: BACKOFF });
  const posters = POSTERS.map((name) => new Publisher(name, (text, key) => post(proxy.port, name, text, key)));
  const acked = () => posters.reduce((sum, poster) => sum + poster.acked.length, 0);
  const starts: number[] = [];
  const firsts: number[] = [];
  const answers: number[] = [];

  for (let number = 1; number <= kills; number++) {
    // Somewhere in the midst: a different place of the load each time.
    const enough = acked() + 1 + ((number * 7) % 40);
    await Promise.all(posters.map((poster) => poster.until(() => acked() >= enough)));
    await server.kill();
    const dead = performance.now();
    server = await start();
    const since = server.listeningSince;
    starts.push(since - dead);
    await Promise.all(readers.map((reader) => reader.until(() => (reader.visit.first ?? 0) > since)));
    for (const { visit } of readers) {
      const first = visit.first ?? 0;
      firsts.push(first - since);
      answers.push(first - Math.max(since, visit.asked));
    }
    onKill(number);
  }

  await Promise.all(posters.map((poster) => poster.stop()));
  const texts = await stored();
  await Promise.all(readers.map((reader) => reader.has(texts.length)));
  expectAll(readers, texts);
  expect(texts.toSorted()).toEqual(posters.flatMap((poster) => poster.acked).toSorted());
  return {
    kills,
    acked: acked(),
    deliveries: texts.length * readers.length,
    retried: posters.reduce((sum, { failures }) => sum + failures, 0),
    start: timesOf(starts),
    first: timesOf(firsts),
    answer: timesOf(answers),
  };
}

function expectAll(readers: readonly RawReader[], texts: readonly string[]): void {
  for (const reader of readers) {
    expect(reader.texts).toEqual(texts);
    expect(reader.surprises).toEqual([]);
  }
}
