import { memoryLog, type Entry, type EventLog, type NewEntry } from "@tidings/log";
import { EntryIndex, takeNext } from "@tidings/log/entry-index";

// What an append and a catch-up read cost in the memory log:
// `npx tsx --conditions @tidings/source benchmarks/memory-log.ts`
//
// A read merges the lists of its channels. The table also shows the cost of a scan of the whole log for these channels.

/** A catch-up read starts this many entries before the head. */
const BACK = 90_000;
/** The number of entries that a catch-up read wants. */
const WANTED = 200;
/** The number of entries in the log. */
const TOTAL = 110_000;
const DATA = JSON.stringify({ author: "ada", text: "x".repeat(100) });

function entryOf(channel: string): NewEntry {
  return { channel, type: "message", mode: "reliable", data: DATA };
}

function channelsOf(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `rooms/${number}`);
}

/** Returns the channel of the n-th entry. The multiplication scatters the entries of a channel over the log. */
function channelAt(n: number, channels: readonly string[]): string {
  return channels[(n * 7_919) % channels.length] ?? "";
}

/** Returns the median time of a call, in microseconds. */
async function medianTime(call: () => unknown): Promise<number> {
  const rounds: number[] = [];
  const stop = performance.now() + 300;
  while (performance.now() < stop) {
    const start = performance.now();
    await call();
    rounds.push((performance.now() - start) * 1_000);
  }
  return rounds.toSorted((one, other) => one - other)[Math.floor(rounds.length / 2)] ?? Number.NaN;
}

/** The index that the memory log uses, filled with the same entries. */
class ChannelLists {
  readonly #index = new EntryIndex<Entry>();

  constructor(channels: readonly string[]) {
    for (let seq = 1; seq <= TOTAL; seq++) {
      const channel = channelAt(seq - 1, channels);
      const entry: Entry = { epoch: "e", seq, channel, type: "message", mode: "reliable", at: 0, data: DATA };
      this.#index.add(channel, { seq, item: entry });
    }
  }

  /** Merges the lists of the channels. */
  merge(channels: readonly string[]): Entry[] {
    const found: Entry[] = [];
    const runs = this.#index.runs(channels, (list) => list.after(TOTAL - BACK));
    for (let entry = takeNext(runs); entry !== null && found.length < WANTED; entry = takeNext(runs)) {
      found.push(entry);
    }
    return found;
  }

  /** Goes through all entries and takes those of the channels. */
  scan(channels: readonly string[]): Entry[] {
    const found: Entry[] = [];
    const wanted = new Set(channels);
    const runs = this.#index.runs(null, (list) => list.after(TOTAL - BACK));
    for (let entry = takeNext(runs); entry !== null && found.length < WANTED; entry = takeNext(runs)) {
      if (wanted.has(entry.channel)) found.push(entry);
    }
    return found;
  }
}

async function createFilledLog(channels: readonly string[]): Promise<EventLog> {
  const log = memoryLog({ keep: { entries: TOTAL, bytes: 2 ** 32 } });
  for (let n = 0; n < TOTAL; n++) await log.append([entryOf(channelAt(n, channels))]);
  return log;
}

/** Reads pages until there are enough entries. */
async function readPages(log: EventLog, wanted: readonly string[]): Promise<void> {
  const { epoch, seq } = await log.head();
  let after = { epoch, seq: seq - BACK };
  let found = 0;
  let hasMore = true;
  while (found < WANTED && hasMore) {
    const page = await log.read(after, wanted, { entries: WANTED, bytes: 1 << 20 });
    found += page.entries.length;
    after = page.next;
    hasMore = page.more;
  }
}

/** Returns the entries per second that a new log appends. */
async function appendRate(entries: readonly NewEntry[], batch: number): Promise<number> {
  const log = memoryLog();
  const batches = Array.from({ length: entries.length / batch }, (_, index) =>
    entries.slice(index * batch, (index + 1) * batch),
  );
  const start = performance.now();
  for (const each of batches) await log.append(each);
  return entries.length / ((performance.now() - start) / 1_000);
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
  // The first round is not counted: the engine compiles the code in it.
  await appendRate(rooms, 1);
  const rates = {
    "reliable, one by one": await appendRate(rooms, 1),
    "reliable, batches of 100": await appendRate(rooms, 100),
    "latest, 100 keys, one by one": await appendRate(ticks, 1),
    "with idempotency keys, one by one": await appendRate(keyed, 1),
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
      const wanted = channels.slice(0, count);
      const log = await createFilledLog(channels);
      const lists = new ChannelLists(channels);
      const [merge, scan, read] = [
        await medianTime(() => lists.merge(wanted)),
        await medianTime(() => lists.scan(wanted)),
        await medianTime(() => readPages(log, wanted)),
      ].map(Math.round);
      rows.push({
        channels: count,
        "share of the log": `1/${share}`,
        "merge (µs)": merge ?? 0,
        "scan (µs)": scan ?? 0,
        "read() (µs)": read ?? 0,
      });
    }
  }
  console.log(`Reads of ${WANTED} entries, from ${BACK.toLocaleString("en")} entries before the head:`);
  console.table(rows);
}

await printAppends();
await printReads();
