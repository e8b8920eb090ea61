import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { killWithTest } from "../kill-with-test.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { storedTexts } from "./stored-texts.ts";
import { chatLobby } from "./served-lobby.ts";
import { postJson } from "./post-json.ts";
import { buildHubProgram } from "../build-program.ts";
import { startReaders } from "./start-readers.ts";
import { LOBBY_STREAM } from "./hub-program-api.ts";
import { startHubProcess } from "./server-process.ts";

/** How long a publish waits for the lock, in milliseconds. */
const PATIENCE = 1_000;
/** Milliseconds from the end of the lock until all events have arrived; a busy machine gets ten times as long. */
const BAR = 1_000;

/** Lets another process lock the file. Returns what kills the process, which releases the lock. */
async function lock(path: string): Promise<() => Promise<void>> {
  const program = `
    const Database = require("libsql");
    const file = new Database(${JSON.stringify(path)});
    file.exec("begin immediate; delete from tidings_entry");
    process.stdout.write("locked");
    setInterval(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = killWithTest(child);
  await once(child.stdout, "data");
  return kill;
}

test("while another process locks the file, a publish waits and then says why, and streams go on", async () => {
  const path = await temporaryPath();
  const { port } = await startHubProcess(await buildHubProgram(), { path, patience: PATIENCE });
  const readers = await startReaders(3, port);
  const publish = (text: string) => postJson(port, "/publish", { text, key: text });
  await publish("before");

  const unlock = await lock(path);
  const requestedAt = performance.now();
  await expect(publish("too long")).rejects.toThrow(
    /503: .*Cannot write, after 1000 ms, to the log .*: database is locked\. Another transaction is writing/,
  );
  expect(performance.now() - requestedAt).toBeGreaterThan(0.9 * PATIENCE);
  expect(performance.now() - requestedAt).toBeLessThan(10 * PATIENCE);
  const [late] = await startReaders(1, port, { path: `${LOBBY_STREAM}&last=10` });
  await late?.has(1);

  const waiting = publish("in time");
  const unlockedAt = performance.now();
  await Promise.all([unlock(), waiting]);
  const all = [...readers, ...(late === undefined ? [] : [late])];
  await Promise.all(all.map((reader) => reader.has(2)));
  expect(performance.now() - unlockedAt).toBeLessThan(10 * BAR);
  for (const { texts, surprises, connections } of all) {
    expect(texts).toEqual(["before", "in time"]);
    expect([surprises, connections.length]).toEqual([[], 1]);
  }
  expect(await storedTexts(path)).toEqual(["before", "in time"]);
}, 60_000);

test("while another process locks the file of the chat, posts wait, and other requests are served", async () => {
  const path = await temporaryPath();
  const { start, post, readerOptions } = await chatLobby(path);
  const { port } = await start();
  const [reader] = await startReaders(1, port, readerOptions);
  const unlock = await lock(path);
  let isPosted = false;
  const posting = post(port, "ada", "in time", "in time").then(() => (isPosted = true));
  // Several, each over a connection of its own: a blocked process would answer none of them.
  for (let number = 0; number < 5; number++) await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(isPosted).toBe(false);
  await Promise.all([unlock(), posting]);
  await reader?.has(1);
  expect(reader?.texts).toEqual(["in time"]);
}, 60_000);
