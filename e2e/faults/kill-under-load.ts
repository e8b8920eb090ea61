import { expect, onTestFinished } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { POSTERS, type ServedLobby } from "./served-lobby.ts";
import { Publisher } from "./publisher.ts";
import type { ResumingReader } from "./resuming-reader.ts";
import { startReaders } from "./start-readers.ts";

export const READERS = 20;
/** Milliseconds after which a reader whose connection broke reconnects. */
const BACKOFF = 50;

export interface KillReport {
  readonly kills: number;
  readonly acked: number;
  readonly deliveries: number;
  /** Posts that failed and were tried again. */
  readonly retried: number;
  /** From the death of a server to another one that listens. */
  readonly start: Times;
  /** From a server that listens to the first event at a reader. */
  readonly first: Times;
  /** The part of it after the request of the reader. */
  readonly answer: Times;
}

/** Milliseconds within which half of them, 99 of 100, and all happened. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

function timesOf(values: readonly number[]): Times {
  const sorted = values.toSorted((one, other) => one - other);
  const quantile = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  return { p50: quantile(0.5), p99: quantile(0.99), worst: sorted.at(-1) ?? 0 };
}

/**
 * Kills a server again and again while posters post and readers read. Expects that every reader gets every acknowledged
 * message once, in the order of the file.
 * @param onKill called after each kill
 */
export async function killUnderLoad(
  { start, post, readerOptions, storedTexts }: ServedLobby,
  kills: number,
  onKill: (number: number) => void = () => {},
): Promise<KillReport> {
  let server = await start();
  // Clients use one port while each server has another.
  const proxy = await createProxy(() => server.port);
  onTestFinished(() => proxy.close());
  const readers = await startReaders(READERS, proxy.port, { ...readerOptions, backoff: BACKOFF });
  const posters = POSTERS.map((name) => new Publisher(name, (text, key) => post(proxy.port, name, text, key)));
  const acked = () => posters.reduce((sum, poster) => sum + poster.acked.length, 0);
  const starts: number[] = [];
  const firsts: number[] = [];
  const answers: number[] = [];

  for (let number = 1; number <= kills; number++) {
    // After a different number of messages each time.
    const enough = acked() + 1 + ((number * 7) % 40);
    await Promise.all(posters.map((poster) => poster.until(() => acked() >= enough)));
    await server.kill();
    const dead = performance.now();
    server = await start();
    const since = server.listeningSince;
    starts.push(since - dead);
    await Promise.all(readers.map((reader) => reader.until(() => (reader.connection.firstEventAt ?? 0) > since)));
    for (const { connection } of readers) {
      const first = connection.firstEventAt ?? 0;
      firsts.push(first - since);
      answers.push(first - Math.max(since, connection.requestedAt));
    }
    onKill(number);
  }

  await Promise.all(posters.map((poster) => poster.stop()));
  const texts = await storedTexts();
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

/** Every reader has these texts, and nothing unexpected. */
function expectAll(readers: readonly ResumingReader[], texts: readonly string[]): void {
  for (const reader of readers) {
    expect(reader.texts).toEqual(texts);
    expect(reader.surprises).toEqual([]);
  }
}
