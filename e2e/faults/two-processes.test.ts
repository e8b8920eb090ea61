import { expect, test } from "vitest";
import { temporaryPath } from "../temporary-folder.ts";
import { storedTexts } from "./stored-texts.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { Publisher } from "./publisher.ts";
import { startReaders } from "./start-readers.ts";
import { startHubProcess } from "./server-process.ts";

/** The interval at which a hub polls its log, in milliseconds. */
const POLL = 1_000;

test("events of two hubs on one file reach the readers of both, in one order, sooner than by the poll", async () => {
  const program = await buildHubProgram();
  const path = await temporaryPath();
  const hubs = await Promise.all([startHubProcess(program, { path }), startHubProcess(program, { path })]);
  const readers = (await Promise.all(hubs.map(({ port }) => startReaders(5, port)))).flat();

  // One event at a time, so that no other publish wakes the other process.
  const delays: number[] = [];
  for (let number = 0; number < 20; number++) {
    const { port = 0 } = hubs[number % 2] ?? {};
    const published = performance.now();
    await postJson(port, "/publish", { text: `alone:${number}`, key: `alone:${number}` });
    await Promise.all(readers.map((reader) => reader.has(number + 1)));
    delays.push(performance.now() - published);
  }
  // Without a doorbell, the median would be near the interval of the poll. On a busy machine, half of them may be late.
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
  for (const { texts, surprises, connections } of readers) {
    expect(texts).toEqual(stored);
    expect(surprises).toEqual([]);
    expect(connections).toHaveLength(1);
  }
  // The two hubs have really written at the same time.
  const turns = stored.filter((text, index) => text[0] !== stored[index - 1]?.[0]);
  expect(turns.length).toBeGreaterThan(20);
}, 60_000);
