import { onTestFinished } from "vitest";
import { ResumingReader, type ResumingReaderOptions } from "./resuming-reader.ts";

/** Starts a reader. It is closed when the test has finished. */
export function startReader(port: number, options?: ResumingReaderOptions): ResumingReader {
  const reader = new ResumingReader(port, options);
  onTestFinished(() => reader.close());
  return reader;
}

/** Starts readers, and waits until each is live: it gets everything that is published from then on. */
export async function startReaders(
  count: number,
  port: number,
  options?: ResumingReaderOptions,
): Promise<ResumingReader[]> {
  const readers = Array.from({ length: count }, () => startReader(port, options));
  await Promise.all(readers.map((reader) => reader.until(() => reader.connection.liveAt !== null)));
  return readers;
}
