import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventLog, NewEntry } from "@tidings/log";
import { sqliteLog, type SqliteLogOptions } from "@tidings/log-sqlite";

// What an append, a catch-up read and an entry's place cost in the SQLite log: `npx tsx --conditions @tidings/source benchmarks/sqlite-log.ts`
//
// Appends are measured with both values of `synchronous`: with `full`, every commit waits for the disk, and that is what sixteen
// publishers share. Another folder (and so another disk) is taken from TMPDIR.

const BACK = 100_000;
const WANTED = 200;
const DATA = JSON.stringify({ author: "ada", text: "x".repeat(100) });

const folder = mkdtempSync(join(tmpdir(), "tidings-benchmark-"));
let files = 0;

function entryOf(channel: string): NewEntry {
  return { channel, type: "message", mode: "reliable", data: DATA };
}

function open(options: SqliteLogOptions = {}) {
  const path = join(folder, `${++files}.db`);
  return { path, log: sqliteLog(path, { keep: { entries: 1e9, bytes: 1e12 }, ...options }) };
}

/** Entries a second that so many publishers append, each waiting for its last batch. */
async function rateOf(options: SqliteLogOptions, publishers: number, batch: number): Promise<number> {
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
  await publishAll(300);
  appended = 0;
  const began = performance.now();
  await publishAll(2_000);
  const rate = appended / ((performance.now() - began) / 1_000);
  await log.close();
  return rate;
}

async function printAppends(): Promise<void> {
  for (const synchronous of ["normal", "full"] as const) {
    const single = await rateOf({ synchronous }, 1, 1);
    const rates = {
      "one publisher": single,
      "16 publishers": await rateOf({ synchronous }, 16, 1),
      "256 publishers": await rateOf({ synchronous }, 256, 1),
      "one publisher, batches of 100": await rateOf({ synchronous }, 1, 100),
    };
    console.table(
      Object.entries(rates).map(([append, rate]) => ({
        [`append, synchronous: ${synchronous}`]: append,
        "entries a second": Math.round(rate).toLocaleString("en"),
        "times one publisher": (rate / single).toFixed(1),
      })),
    );
  }
}

/** Milliseconds a call takes; the median of many. */
async function medianOf(call: () => Promise<unknown>): Promise<string> {
  const rounds: number[] = [];
  for (const stop = performance.now() + 500; performance.now() < stop;) {
    const began = performance.now();
    await call();
    rounds.push(performance.now() - began);
  }
  return (rounds.toSorted((one, other) => one - other)[rounds.length >>> 1] ?? Number.NaN).toFixed(2);
}

async function readPages(log: EventLog, asked: readonly string[]): Promise<void> {
  const { epoch, seq } = await log.head();
  let after = { epoch, seq: seq - BACK };
  for (let found = 0, more = true; found < WANTED && more;) {
    const page = await log.read(after, asked, { entries: WANTED, bytes: 1 << 20 });
    found += page.entries.length;
    ({ next: after, more } = page);
  }
}

async function printReads(): Promise<void> {
  const channels = Array.from({ length: 500 }, (_, n) => `rooms/${n}`);
  const { log, path } = open();
  for (let n = 0; n < 220; n++) {
    // A multiplicative step scatters the asked channels over the log.
    await log.append(Array.from({ length: 500 }, (_, m) => entryOf(channels[((n * 500 + m) * 7_919) % 500] ?? "")));
  }
  const head = await log.head();
  const rows = [];
  for (const asked of [1, 10, 100, 500].map((count) => channels.slice(0, count))) {
    rows.push({
      channels: asked.length,
      [`${WANTED} entries, ${BACK.toLocaleString("en")} back (ms)`]: await medianOf(() => readPages(log, asked)),
      "caught up (ms)": await medianOf(() => log.read(head, asked, { entries: WANTED, bytes: 1 << 20 })),
      "50 newest (ms)": await medianOf(() => log.recent(asked, 50)),
      "current values, none (ms)": await medianOf(() => log.current(asked, null, { entries: WANTED, bytes: 1 << 20 })),
    });
  }
  console.table(rows);
  console.log(
    `caught up in every channel: ${await medianOf(() => log.read(head, null, { entries: WANTED, bytes: 1 << 20 }))} ms`,
  );
  await log.close();
  const { size } = statSync(path);
  console.log(`an entry takes ${Math.round(size / 110_000) - DATA.length} bytes in the file beside its data`);
}

async function printTrim(): Promise<void> {
  const { log } = open({ keep: { entries: 10 } });
  for (let n = 0; n < 100; n++) await log.append(Array.from({ length: 500 }, (_, m) => entryOf(`rooms/${m}`)));
  let longest = 0;
  let last = performance.now();
  const beat = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const began = performance.now();
  await log.trim();
  clearInterval(beat);
  console.log(
    `trim of 45,000 entries: ${Math.round(performance.now() - began)} ms, the event loop stood still for ${longest.toFixed(1)} ms at most`,
  );
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
