import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { freshFile, storedTexts } from "./fresh-file.ts";
import { lobbyOfChat } from "./lobby.ts";
import { postJson } from "./post-json.ts";
import { buildServedHub } from "./program.ts";
import { startReaders } from "./readers.ts";
import { LOBBY } from "./served-chat.ts";
import { startHub } from "./server-process.ts";

/** How long a publish waits for its turn, in milliseconds. */
const PATIENCE = 1_000;
/** Within this many milliseconds of the end of the lock all is as before; a machine that is busy gets ten times as long. */
const BAR = 1_000;

/** Another process begins to write, and does not end. Returns what kills it, which gives its lock back. */
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
  const closed = once(child, "close");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  onTestFinished(kill);
  await once(child.stdout, "data");
  return kill;
}

test("while another process holds the file, a publish waits as long as the log's patience and then says why; streams go on, and so does all when the other one dies", async () => {
  const path = await freshFile();
  const { port } = await startHub(await buildServedHub(), { path, patience: PATIENCE });
  const readers = await startReaders(3, port);
  const publish = (text: string) => postJson(port, "/publish", { text, key: text });
  await publish("before");

  const unlock = await lock(path);
  const asked = performance.now();
  await expect(publish("too long")).rejects.toThrow(
    /503: .*Cannot write, after 1000 ms, to the log .*: database is locked\. Another transaction is writing/,
  );
  expect(performance.now() - asked).toBeGreaterThan(0.9 * PATIENCE);
  expect(performance.now() - asked).toBeLessThan(10 * PATIENCE);
  const [late] = await startReaders(1, port, { path: `${LOBBY}&last=10` });
  await late?.has(1);

  const waiting = publish("in time");
  const dead = performance.now();
  await Promise.all([unlock(), waiting]);
  const all = [...readers, ...(late === undefined ? [] : [late])];
  await Promise.all(all.map((reader) => reader.has(2)));
  expect(performance.now() - dead).toBeLessThan(10 * BAR);
  for (const { texts, surprises, visits } of all) {
    expect(texts).toEqual(["before", "in time"]);
    expect([surprises, visits.length]).toEqual([[], 1]);
  }
  expect(await storedTexts(path)).toEqual(["before", "in time"]);
}, 60_000);

test("while another process holds the chat's file, who posts waits, and all others are served", async () => {
  const path = await freshFile();
  const { start, post, reading } = await lobbyOfChat(path);
  const { port } = await start();
  const [reader] = await startReaders(1, port, reading);
  const unlock = await lock(path);
  let isPosted = false;
  const posting = post(port, "ada", "in time", "in time").then(() => (isPosted = true));
  // Again and again, each over a connection of its own: a process that stood still would answer none before the end.
  for (let number = 0; number < 5; number++) await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(isPosted).toBe(false);
  await Promise.all([unlock(), posting]);
  await reader?.has(1);
  expect(reader?.texts).toEqual(["in time"]);
}, 60_000);
