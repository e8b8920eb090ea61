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
  /** Milliseconds from a server that listens again to the first event at a reader: the longest, and that of 99 in 100. */
  readonly worst: number;
  readonly p99: number;
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
  const delays: number[] = [];

  for (let number = 1; number <= kills; number++) {
    // Somewhere in the midst: a different place of the load each time.
    const enough = acked() + 1 + ((number * 7) % 40);
    await Promise.all(posters.map((poster) => poster.until(() => acked() >= enough)));
    await server.kill();
    server = await start();
    const since = server.listeningSince;
    await Promise.all(readers.map((reader) => reader.until(() => (reader.visit.first ?? 0) > since)));
    for (const { visit } of readers) delays.push((visit.first ?? 0) - since);
    onKill(number);
  }

  await Promise.all(posters.map((poster) => poster.stop()));
  const texts = await stored();
  await Promise.all(readers.map((reader) => reader.has(texts.length)));
  expectAll(readers, texts);
  expect(texts.toSorted()).toEqual(posters.flatMap((poster) => poster.acked).toSorted());
  const sorted = delays.toSorted((one, other) => one - other);
  return {
    kills,
    acked: acked(),
    deliveries: texts.length * readers.length,
    retried: posters.reduce((sum, { failures }) => sum + failures, 0),
    worst: sorted.at(-1) ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

function expectAll(readers: readonly RawReader[], texts: readonly string[]): void {
  for (const reader of readers) {
    expect(reader.texts).toEqual(texts);
    expect(reader.surprises).toEqual([]);
  }
}
