import { onTestFinished } from "vitest";
import { RawReader, type RawReaderOptions } from "./raw-reader.ts";

/** Starts a reader, which ends with the test. */
export function startReader(port: number, options?: RawReaderOptions): RawReader {
  const reader = new RawReader(port, options);
  onTestFinished(() => reader.close());
  return reader;
}

/** Starts readers, and waits until each has its place in the log: what is published from now on is theirs. */
export async function startReaders(count: number, port: number, options?: RawReaderOptions): Promise<RawReader[]> {
  const readers = Array.from({ length: count }, () => startReader(port, options));
  await Promise.all(readers.map((reader) => reader.until(() => reader.visit.live !== null)));
  return readers;
}
