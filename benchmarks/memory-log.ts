import { memoryLog, type Entry, type EventLog, type NewEntry } from "@tidings/log";
import { EntryIndex, takeNext } from "@tidings/log/entry-index";

// What an append and a catch-up read cost on the memory log: `npx tsx --conditions @tidings/source benchmarks/memory-log.ts`
//
// A read merges the lists of its channels. What it would cost to scan the whole log for them instead stands beside it.

const BACK = 90_000;
const WANTED = 200;
const TOTAL = 110_000;
const DATA = JSON.stringify({ author: "ada", text: "x".repeat(100) });

function entryOf(channel: string): NewEntry {
  return { channel, type: "message", mode: "reliable", data: DATA };
}

function channelsOf(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `rooms/${number}`);
}

/** Channel of the n-th entry; a multiplicative step, so that the asked channels lie scattered over the log. */
function channelAt(n: number, channels: readonly string[]): string {
  return channels[(n * 7_919) % channels.length] ?? "";
}

/** Microseconds a call takes; the median of many. */
async function time(call: () => unknown): Promise<number> {
  const rounds: number[] = [];
  for (const stop = performance.now() + 300; performance.now() < stop;) {
    const began = performance.now();
    await call();
    rounds.push((performance.now() - began) * 1_000);
  }
  return rounds.toSorted((one, other) => one - other)[rounds.length >>> 1] ?? Number.NaN;
}

class Lists {
  readonly #index = new EntryIndex<Entry>();

  constructor(channels: readonly string[]) {
    for (let seq = 1; seq <= TOTAL; seq++) {
      const channel = channelAt(seq - 1, channels);
      const entry: Entry = { epoch: "e", seq, channel, type: "message", mode: "reliable", at: 0, data: DATA };
      this.#index.add(channel, { seq, item: entry });
    }
  }

  merge(asked: readonly string[], found: Entry[] = []): Entry[] {
    const runs = this.#index.runs(asked, (list) => list.after(TOTAL - BACK));
    for (let entry = takeNext(runs); entry !== null && found.length < WANTED; entry = takeNext(runs)) found.push(entry);
    return found;
  }

  scan(asked: readonly string[], found: Entry[] = []): Entry[] {
    const wanted = new Set(asked);
    const runs = this.#index.runs(null, (list) => list.after(TOTAL - BACK));
    for (let entry = takeNext(runs); entry !== null && found.length < WANTED; entry = takeNext(runs))
      if (wanted.has(entry.channel)) found.push(entry);
    return found;
  }
}

async function filled(channels: readonly string[]): Promise<EventLog> {
  const log = memoryLog({ keep: { entries: TOTAL, bytes: 2 ** 32 } });
  for (let n = 0; n < TOTAL; n++) await log.append([entryOf(channelAt(n, channels))]);
  return log;
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

async function rateOf(entries: readonly NewEntry[], batch: number): Promise<number> {
  const log = memoryLog();
  const batches = Array.from({ length: entries.length / batch }, (_, index) =>
    entries.slice(index * batch, (index + 1) * batch),
  );
  const began = performance.now();
  for (const each of batches) await log.append(each);
  return entries.length / ((performance.now() - began) / 1_000);
}

async function printAppends(): Promise<void> {
  const many = channelsOf(1_000);
  const rooms = Array.from({ length: 400_000 }, (_, n) => entryOf(channelAt(n, many)));
  const ticks = rooms.map((_, n): NewEntry => ({
    channel: "prices",
    type: "price",
    mode: "latest",
    key: `${n % 100}`,
    data: DATA,
  }));
  const keyed = rooms.slice(0, 100_000).map((entry, n): NewEntry => ({ ...entry, idempotencyKey: `${n}` }));
  await rateOf(rooms, 1);
  const rates = {
    "reliable, one by one": await rateOf(rooms, 1),
    "reliable, batches of 100": await rateOf(rooms, 100),
    "latest, 100 keys, one by one": await rateOf(ticks, 1),
    "with idempotency keys, one by one": await rateOf(keyed, 1),
  };
  console.table(
    Object.entries(rates).map(([append, rate]) => ({ append, "per second": Math.round(rate).toLocaleString("en") })),
  );
}

async function printReads(): Promise<void> {
  const rows: Record<string, string | number>[] = [];
  for (const share of [1, 4, 10, 100]) {
    for (const count of [1, 10, 64, 100, 1_000]) {
      const channels = channelsOf(count * share);
      const asked = channels.slice(0, count);
      const log = await filled(channels);
      const lists = new Lists(channels);
      const [merge, scan, read] = [
        await time(() => lists.merge(asked)),
        await time(() => lists.scan(asked)),
        await time(() => readPages(log, asked)),
      ].map(Math.round);
      rows.push({
        channels: count,
        "of the log": `1/${share}`,
        "merge (µs)": merge ?? 0,
        "scan (µs)": scan ?? 0,
        "read() (µs)": read ?? 0,
      });
    }
  }
  console.log(`${WANTED} entries, ${BACK.toLocaleString("en")} back`);
  console.table(rows);
}

await printAppends();
await printReads();
