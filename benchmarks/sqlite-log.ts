import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventLog, NewEntry } from "@tidings/log";
import { sqliteLog, type SqliteLogOptions } from "@tidings/log-sqlite";

// What an append and a catch-up read cost in the SQLite log, and how much space an entry takes:
// `npx tsx --conditions @tidings/source benchmarks/sqlite-log.ts`
//
// Appends are measured with both values of `synchronous`. With `full`, every commit waits for the disk, and sixteen
// publishers share this wait. Set TMPDIR to measure on another disk.

/** A catch-up read starts this many entries before the head. */
const BACK = 100_000;
/** The number of entries that a catch-up read wants. */
const WANTED = 200;
const PAGE_LIMIT = { entries: WANTED, bytes: 1 << 20 };
const DATA = JSON.stringify({ author: "ada", text: "x".repeat(100) });

const folder = mkdtempSync(join(tmpdir(), "tidings-benchmark-"));
let fileCount = 0;

function entryOf(channel: string): NewEntry {
  return { channel, type: "message", mode: "reliable", data: DATA };
}

function open(options: SqliteLogOptions = {}) {
  fileCount++;
  const path = join(folder, `${fileCount}.db`);
  return { path, log: sqliteLog(path, { keep: { entries: 1e9, bytes: 1e12 }, ...options }) };
}

/** Returns the entries per second that the publishers append together. Each waits for its batch before the next one. */
async function appendRate(options: SqliteLogOptions, publishers: number, batch: number): Promise<number> {
  const { log } = open(options);
  const entries = Array.from({ length: batch }, (_, n) => entryOf(`rooms/${n % 10}`));
  let appended = 0;
  const publish = async (stop: number): Promise<void> => {
    while (performance.now() < stop) {
      await log.append(entries);
      appended += batch;
    }
  };
  const publishAll = (time: number) =>
    Promise.all(Array.from({ length: publishers }, () => publish(performance.now() + time)));
  // The first 300 ms are not counted: the engine compiles the code in them.
  await publishAll(300);
  appended = 0;
  const start = performance.now();
  await publishAll(2_000);
  const rate = appended / ((performance.now() - start) / 1_000);
  await log.close();
  return rate;
}

async function printAppends(): Promise<void> {
  for (const synchronous of ["normal", "full"] as const) {
    const single = await appendRate({ synchronous }, 1, 1);
    const rates = {
      "one publisher": single,
      "16 publishers": await appendRate({ synchronous }, 16, 1),
      "256 publishers": await appendRate({ synchronous }, 256, 1),
      "one publisher, batches of 100": await appendRate({ synchronous }, 1, 100),
    };
    console.table(
      Object.entries(rates).map(([append, rate]) => ({
        [`append, synchronous: ${synchronous}`]: append,
        "entries per second": Math.round(rate).toLocaleString("en"),
        "x one publisher": (rate / single).toFixed(1),
      })),
    );
  }
}

/** Returns the median time of a call, in milliseconds. */
async function medianTime(call: () => Promise<unknown>): Promise<string> {
  const rounds: number[] = [];
  const stop = performance.now() + 500;
  while (performance.now() < stop) {
    const start = performance.now();
    await call();
    rounds.push(performance.now() - start);
  }
  const sorted = rounds.toSorted((one, other) => one - other);
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(2);
}

/** Reads pages until there are enough entries. */
async function readPages(log: EventLog, wanted: readonly string[]): Promise<void> {
  const { epoch, seq } = await log.head();
  let after = { epoch, seq: seq - BACK };
  let found = 0;
  let hasMore = true;
  while (found < WANTED && hasMore) {
    const page = await log.read(after, wanted, PAGE_LIMIT);
    found += page.entries.length;
    after = page.next;
    hasMore = page.more;
  }
}

async function printReads(): Promise<void> {
  const channels = Array.from({ length: 500 }, (_, n) => `rooms/${n}`);
  const { log, path } = open();
  for (let n = 0; n < 220; n++) {
    // The multiplication scatters the entries of a channel over the log.
    await log.append(Array.from({ length: 500 }, (_, m) => entryOf(channels[((n * 500 + m) * 7_919) % 500] ?? "")));
  }
  const head = await log.head();
  const rows = [];
  for (const count of [1, 10, 100, 500]) {
    const wanted = channels.slice(0, count);
    rows.push({
      channels: count,
      [`${WANTED} entries, ${BACK.toLocaleString("en")} back (ms)`]: await medianTime(() => readPages(log, wanted)),
      "caught up (ms)": await medianTime(() => log.read(head, wanted, PAGE_LIMIT)),
      "50 newest (ms)": await medianTime(() => log.recent(wanted, 50)),
      "current values, none (ms)": await medianTime(() => log.current(wanted, null, PAGE_LIMIT)),
    });
  }
  console.table(rows);
  const caughtUp = await medianTime(() => log.read(head, null, PAGE_LIMIT));
  console.log(`A read of all channels by a reader that is caught up takes ${caughtUp} ms.`);
  await log.close();
  const { size } = statSync(path);
  const overhead = Math.round(size / 110_000) - DATA.length;
  console.log(`An entry takes ${overhead} bytes in the file, in addition to its data.`);
}

async function printTrim(): Promise<void> {
  const { log } = open({ keep: { entries: 10 } });
  for (let n = 0; n < 100; n++) await log.append(Array.from({ length: 500 }, (_, m) => entryOf(`rooms/${m}`)));
  let longestBlock = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longestBlock = Math.max(longestBlock, performance.now() - last);
    last = performance.now();
  }, 1);
  const start = performance.now();
  await log.trim();
  clearInterval(timer);
  const duration = Math.round(performance.now() - start);
  console.log(`A trim of 45,000 entries takes ${duration} ms.`);
  console.log(`It blocks the event loop for at most ${longestBlock.toFixed(1)} ms at a time.`);
  await log.close();
}

try {
  console.log(`Node ${process.version}`);
  await printAppends();
  await printReads();
  await printTrim();
} finally {
  rmSync(folder, { recursive: true });
}
