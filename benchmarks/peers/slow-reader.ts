import { peers, peersOf, type PeerName } from "./peers.ts";
import type { Range } from "./received.ts";
import { Stage } from "./stage.ts";

// What one reader costs that stops reading:
// `npx tsx --conditions @tidings/source benchmarks/peers/slow-reader.ts [peer…]`
//
// Two readers read 20,000 events, so that everything that a library keeps for all readers is full. Then one reader
// stops, 100 MB more are published, and the reader continues. The table also has the same traffic with two readers that
// read all the time. Memory is that of the server's process after a garbage collection, before the reader stops and at
// the end of its stop. What is queued is in the server's sockets, and in the queues that a peer shows.

/** Publishing waits for the healthy reader after each of this many parts of the events. */
const PARTS = 20;
const MEGABYTE = 1_000_000;
const TRAFFIC: Traffic = { warmUp: 20_000, events: 100_000, bytes: 1_000, perSecond: 8_000 };

/** What a measurement publishes. */
export interface Traffic {
  /** The number of events that both readers read before one stops. */
  readonly warmUp: number;
  readonly events: number;
  /** The size of each event's text. */
  readonly bytes: number;
  readonly perSecond: number;
}

/** What a slow reader costs, and what it gets. */
export interface SlowReader {
  /** The bytes that the server held when both readers had read everything. */
  readonly before: number;
  /** The bytes that the server held when one reader had stopped and everything was published. */
  readonly after: number;
  /** The largest growth of the resident set, in bytes. */
  readonly peak: number;
  readonly queued: number;
  /** The number of events that the healthy reader got. */
  readonly healthy: number;
  /** The number of events that the slow reader got after it had continued. */
  readonly slow: number;
  readonly repeated: number;
  readonly disordered: number;
  /** What the library has reported to the slow reader; empty if it has reported nothing. */
  readonly notices: string;
}

/** @param stops with false, the second reader reads all the time, to see what the traffic alone costs */
export async function measureSlowReader(name: PeerName, traffic: Traffic, stops = true): Promise<SlowReader> {
  const { warmUp, events, bytes, perSecond } = traffic;
  const stage = await Stage.open(name);
  try {
    const healthy = await stage.addReader();
    const slow = await stage.addReader();
    const publish = async (count: number): Promise<Range> => {
      const range = await stage.publish(count, bytes, perSecond);
      await healthy.received.reaches(range.to, 10_000);
      return range;
    };
    await publish(warmUp);
    await stage.settle(slow, 10_000);
    const before = await stage.report();
    if (stops) slow.line.hold();
    const { from } = await publish(events / PARTS);
    for (let part = 2; part < PARTS; part++) await publish(events / PARTS);
    const { to } = await publish(events / PARTS);
    const range = { from, to };
    const after = await stage.report();
    slow.line.release();
    const isCaughtUp = await stage.settle(slow, 30_000);
    const { repeated, disordered, notices } = slow.received;
    return {
      before: before.held,
      after: after.held,
      peak: after.peak - before.rss,
      queued: after.queued,
      healthy: healthy.received.count(range),
      slow: slow.received.count(range),
      repeated,
      disordered,
      notices: isCaughtUp ? notices : `silent for 30 s; ${notices}`,
    };
  } finally {
    await stage.close();
  }
}

async function print(names: readonly PeerName[]): Promise<void> {
  const rows: Record<string, string>[] = [];
  const megabytes = (bytes: number): string => (bytes / MEGABYTE).toFixed(1);
  for (const key of names) {
    const { name } = await peers[key]();
    const control = await measureSlowReader(key, TRAFFIC, false);
    const result = await measureSlowReader(key, TRAFFIC);
    const isComplete = result.slow === TRAFFIC.events;
    rows.push({
      peer: name,
      "held, one stops (MB)": `${megabytes(result.before)} → ${megabytes(result.after)}`,
      "held, both read (MB)": `${megabytes(control.before)} → ${megabytes(control.after)}`,
      "RSS growth, one stops (MB)": megabytes(result.peak),
      "RSS growth, both read (MB)": megabytes(control.peak),
      "queued (MB)": megabytes(result.queued),
      "healthy reader got": `${result.healthy}`,
      "slow reader got": `${result.slow}`,
      "repeated, out of order": `${result.repeated}, ${result.disordered}`,
      reported: result.notices || (isComplete ? "no loss" : "nothing"),
    });
  }
  console.log(`Node ${process.version}, ${JSON.stringify(TRAFFIC)}`);
  console.table(rows);
}

if (process.argv[1] === import.meta.filename) await print(peersOf(process.argv.slice(2)));
