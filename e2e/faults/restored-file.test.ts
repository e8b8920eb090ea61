import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { startEpoch } from "@tidings/log-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { storedTexts } from "./stored-texts.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { startReader, startReaders } from "./start-readers.ts";
import { startHubProcess } from "./server-process.ts";

/** Milliseconds from a start until all readers have the next event; a busy machine gets ten times as long. */
const BAR = 1_000;

test("a file that an older copy replaces is not written; after startEpoch() only its losses are gaps", async () => {
  const program = await buildHubProgram();
  const path = await temporaryPath();
  let server = await startHubProcess(program, { path });
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

  server = await startHubProcess(program, { path });
  const readers = await startReaders(3, proxy.port, { lastId: early?.lastId ?? null });
  await publish("lost");
  await Promise.all(readers.map((reader) => reader.has(1)));
  renameSync(backup, path);
  await expect(publish("refused")).rejects.toThrow(
    /503: .*Cannot write to the log .*log\.db.*deleted or replaced while it was open.*run startEpoch\(\)/,
  );
  // The streams go on.
  expect(readers.map(({ connections }) => connections.length)).toEqual([1, 1, 1]);

  await server.kill();
  for (const beside of ["-wal", "-shm"]) rmSync(`${path}${beside}`, { force: true });
  startEpoch(path);
  server = await startHubProcess(program, { path });
  const returned = startReader(proxy.port, { lastId: early?.lastId ?? null });
  // After the gap, these readers reconnect once more.
  await Promise.all(readers.map((reader) => reader.until(() => reader.surprises.length > 0)));
  await Promise.all([...readers, returned].map((reader) => reader.until(() => reader.connection.liveAt !== null)));
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

test("after its -wal file was deleted a server acknowledges nothing, and what a kill loses is a gap", async () => {
  const program = await buildHubProgram();
  const path = await temporaryPath();
  let server = await startHubProcess(program, { path });
  const proxy = await createProxy(() => server.port);
  onTestFinished(() => proxy.close());
  const publish = (text: string) => postJson(proxy.port, "/publish", { text, key: text });
  const [reader] = await startReaders(1, proxy.port);
  for (const text of ["1", "2", "3"]) await publish(text);
  await reader?.has(3);
  rmSync(`${path}-wal`);
  await expect(publish("refused")).rejects.toThrow(/503: .*-wal or -shm file beside it was deleted or replaced/);

  await server.kill();
  rmSync(`${path}-shm`, { force: true });
  server = await startHubProcess(program, { path });
  await reader?.until(() => reader.surprises.length > 0);
  await reader?.until(() => reader.connection.liveAt !== null);
  for (const text of ["4", "5", "6", "7"]) await publish(text);
  await reader?.until(() => reader.texts.at(-1) === "7");
  expect(reader?.texts).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  expect(reader?.surprises).toEqual(['gap {"channels":{"rooms/lobby":"lost"}}']);
}, 60_000);

/** What may happen to a -wal file while no server runs. */
const DAMAGES: readonly [string, (wal: string) => void][] = [
  ["cut in half", (wal) => truncateSync(wal, statSync(wal).size / 2)],
  ["given a damaged header", (wal) => writeFileSync(wal, readFileSync(wal).fill(90, 0, 32))],
  ["filled with zeros at its end", (wal) => writeFileSync(wal, readFileSync(wal).fill(0, statSync(wal).size - 40_000))],
];

test.each(DAMAGES)(
  "when the -wal file of a killed server was %s, readers of what is lost get a gap",
  async (_how, damage) => {
    const program = await buildHubProgram();
    const path = await temporaryPath();
    let server = await startHubProcess(program, { path });
    const proxy = await createProxy(() => server.port);
    onTestFinished(() => proxy.close());
    const publish = (text: string) => postJson(proxy.port, "/publish", { text, key: text });
    const [reader] = await startReaders(1, proxy.port);
    const lost = Array.from({ length: 20 }, (_, n) => `lost ${n}`);
    for (const text of lost) await publish(text);
    await reader?.has(lost.length);
    // The server looks at its log once a second, and writes the file again.
    rmSync(`${path}-head`);
    await expect.poll(() => existsSync(`${path}-head`), { timeout: 10_000 }).toBe(true);

    await server.kill();
    damage(`${path}-wal`);
    server = await startHubProcess(program, { path });
    await reader?.until(() => reader.surprises.length > 0);
    await reader?.until(() => reader.connection.liveAt !== null);
    const after = Array.from({ length: 30 }, (_, n) => `new ${n}`);
    for (const text of after) await publish(text);
    await reader?.until(() => reader.texts.at(-1) === "new 29");
    expect(reader?.texts).toEqual([...lost, ...after]);
    expect(reader?.surprises).toEqual(['gap {"channels":{"rooms/lobby":"lost"}}']);
  },
  60_000,
);
