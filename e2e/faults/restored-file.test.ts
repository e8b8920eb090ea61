import { copyFileSync, renameSync, rmSync } from "node:fs";
import { startEpoch } from "@tidings/log-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startReader, startReaders } from "./readers.ts";
import { startHub } from "./server-process.ts";

/** Within this many milliseconds of a start readers have what is new; a machine that is busy gets ten times as long. */
const BAR = 1_000;

test("a file that is replaced by an older copy while the server runs takes nothing more; after startEpoch() and a start only those who saw what the copy lacks have a gap", async () => {
  const program = await buildServedHub();
  const path = await freshFile();
  let server = await startHub(program, { path });
  const proxy = await createProxy(() => server.port);
  onTestFinished(() => proxy.close());
  const publish = (text: string) => postJson(proxy.port, "/publish", { text, key: text });
  const [early] = await startReaders(1, proxy.port);
  await publish("kept");
  await early?.has(1);
  early?.close();
  expect(await server.stop()).toBe(0);
  const backup = `${path}.backup`;
  copyFileSync(path, backup);

  server = await startHub(program, { path });
  const readers = await startReaders(3, proxy.port, { lastId: early?.lastId ?? null });
  await publish("lost");
  await Promise.all(readers.map((reader) => reader.has(1)));
  renameSync(backup, path);
  await expect(publish("refused")).rejects.toThrow(
    /503: .*Cannot write to the log .*log\.db.*deleted or replaced while it was open.*run startEpoch\(\)/,
  );
  // Nobody was thrown out.
  expect(readers.map(({ visits }) => visits.length)).toEqual([1, 1, 1]);

  await server.kill();
  for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
  startEpoch(path);
  server = await startHub(program, { path });
  const returned = startReader(proxy.port, { lastId: early?.lastId ?? null });
  // Those who are told of the loss come back once more.
  await Promise.all(readers.map((reader) => reader.until(() => reader.surprises.length > 0)));
  await Promise.all([...readers, returned].map((reader) => reader.until(() => reader.visit.live !== null)));
  await publish("after");
  await Promise.all([...readers, returned].map((reader) => reader.until(() => reader.texts.at(-1) === "after")));
  expect(performance.now() - server.listeningSince).toBeLessThan(10 * BAR);

  for (const { texts, surprises } of readers) {
    expect(texts).toEqual(["lost", "after"]);
    expect(surprises).toEqual(['gap {"channels":{"rooms/lobby":"lost"}}']);
  }
  expect([returned.texts, returned.surprises]).toEqual([["after"], []]);
  expect(await storedTexts(path)).toEqual(["kept", "after"]);
}, 60_000);
