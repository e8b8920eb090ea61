import { peers, peersOf, type PeerName } from "./peers.ts";
import type { Range } from "./received.ts";
import { Stage } from "./stage.ts";

// What one reader costs that stops reading: `npx tsx --conditions @tidings/source benchmarks/peers/slow-reader.ts [peer…]`
//
// Two readers have read 20,000 events, so that what a library keeps for everybody is full; one of them stops. 100 MB more are
// published; then it reads on. The same traffic with nobody stopping stands beside it. Memory is that of the server's process after
// a garbage collection, before and while the reader stands; what waits is in its sockets and in the queues that a peer shows.

/** After each of so many parts of the events, publishing waits for the reader that reads. */
const PARTS = 20;
const MEGABYTE = 1_000_000;
const TRAFFIC = { warmUp: 20_000, events: 100_000, bytes: 1_000, perSecond: 8_000 };

export interface Traffic {
  /** Events that both readers have read before one stops. */
  readonly warmUp: number;
  readonly events: number;
  /** Of the text of each event. */
  readonly bytes: number;
  readonly perSecond: number;
}

export interface SlowReader {
  /** Bytes that the server held when both had read all, and when one stood still and all was published. */
  readonly before: number;
  readonly after: number;
  /** Growth of the resident set at its largest, in bytes. */
  readonly peak: number;
  readonly queued: number;
  /** Events that the other reader had. */
  readonly healthy: number;
  /** Events that the reader had after it read on. */
  readonly slow: number;
  readonly repeated: number;
  readonly disordered: number;
  readonly told: string;
}

/** @param stops false: it reads as the other one does, to see what traffic alone costs */
export async function standStill(name: PeerName, traffic: Traffic, stops = true): Promise<SlowReader> {
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
    const range = { from, to: (await publish(events / PARTS)).to };
    const after = await stage.report();
    slow.line.release();
    const caughtUp = await stage.settle(slow, 30_000);
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
      told: caughtUp ? notices : `silent for 30 s; ${notices}`,
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
    const control = await standStill(key, TRAFFIC, false);
    const result = await standStill(key, TRAFFIC);
    rows.push({
      peer: name,
      "held, one stops (MB)": `${megabytes(result.before)} → ${megabytes(result.after)}`,
      "both read": `${megabytes(control.before)} → ${megabytes(control.after)}`,
      "RSS +, one stops (MB)": megabytes(result.peak),
      "both read ": megabytes(control.peak),
      "queued (MB)": megabytes(result.queued),
      "healthy reader": `${result.healthy}`,
      "slow reader": `${result.slow}`,
      "repeated, out of order": `${result.repeated}, ${result.disordered}`,
      told: result.told || (result.slow === TRAFFIC.events ? "nothing to tell" : "nothing"),
    });
  }
  console.log(`Node ${process.version}, ${JSON.stringify(TRAFFIC)}`);
  console.table(rows);
}

if (process.argv[1] === import.meta.filename) await print(peersOf(process.argv.slice(2)));
