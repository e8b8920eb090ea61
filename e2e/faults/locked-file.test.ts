import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { freshFile, storedTexts } from "./fresh-file.ts";
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
