import { expect, test } from "vitest";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { Publisher } from "./publisher.ts";
import { startReaders } from "./readers.ts";
import { startHub } from "./server-process.ts";

/** How often a hub looks at its log without being told, in milliseconds. */
const POLL = 1_000;

test("two hubs on one file: what is published at either arrives at the readers of both, in one order, and sooner than the poll", async () => {
  const program = await buildServedHub();
  const path = await freshFile();
  const hubs = await Promise.all([startHub(program, { path }), startHub(program, { path })]);
  const readers = (await Promise.all(hubs.map(({ port }) => startReaders(5, port)))).flat();

  // One event at a time, at rest: the other process learns of it by itself.
  const delays: number[] = [];
  for (let number = 0; number < 20; number++) {
    const { port = 0 } = hubs[number % 2] ?? {};
    const published = performance.now();
    await postJson(port, "/publish", { text: `alone:${number}`, key: `alone:${number}` });
    await Promise.all(readers.map((reader) => reader.has(number + 1)));
    delays.push(performance.now() - published);
  }
  // Both ways for all of them; a doorbell that never rang would make it a poll each on average. Half of them may be hindered.
  expect(delays.toSorted((one, other) => one - other)[9]).toBeLessThan(POLL / 2);
  expect(Math.max(...delays)).toBeLessThan(10 * POLL);

  const publishers = hubs.flatMap(({ port }, hub) =>
    Array.from(
      { length: 4 },
      (_, number) => new Publisher(`${hub}.${number}`, (text, key) => postJson(port, "/publish", { text, key })),
    ),
  );
  await Promise.all(readers.map((reader) => reader.has(1_000)));
  await Promise.all(publishers.map((publisher) => publisher.stop()));

  const stored = await storedTexts(path);
  await Promise.all(readers.map((reader) => reader.has(stored.length)));
  for (const { texts, surprises, visits } of readers) {
    expect(texts).toEqual(stored);
    expect(surprises).toEqual([]);
    expect(visits).toHaveLength(1);
  }
  // The two have really written at the same time.
  const turns = stored.filter((text, index) => text[0] !== stored[index - 1]?.[0]);
  expect(turns.length).toBeGreaterThan(20);
}, 60_000);
