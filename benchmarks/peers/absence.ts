import { peers, peersOf, type PeerName } from "./peers.ts";
import { Stage } from "./stage.ts";

// What a reader gets that was away: `npx tsx --conditions @tidings/source benchmarks/peers/absence.ts [peer…]`
//
// It has read ten events, its connection breaks, others are published, and it comes back in the way of its library, with the waiting
// times that the library has by default.

/** How long a reader may take to come back, in milliseconds. */
const PATIENCE = 20_000;

export interface Absence {
  readonly missed: number;
  readonly arrived: number;
  readonly repeated: number;
  readonly disordered: number;
  /** What the library said of a loss; empty when it said nothing. */
  readonly told: string;
}

/** With a restart, one half of the events is published before it and the other half after it. */
export async function beAway(name: PeerName, missed: number, restart = false): Promise<Absence> {
  const stage = await Stage.open(name);
  try {
    const reader = await stage.addReader();
    const { received, line } = reader;
    await stage.publish(10);
    await stage.settle(reader, PATIENCE);
    line.cut();
    const before = await stage.publish(Math.ceil(missed / 2));
    if (restart) await stage.restart();
    const after = await stage.publish(Math.floor(missed / 2));
    line.mend();
    const back = await stage.settle(reader, PATIENCE);
    const { repeated, disordered, notices } = received;
    const arrived = received.count({ from: before.from, to: after.to });
    return { missed, arrived, repeated, disordered, told: back ? notices : `never came back; ${notices}` };
  } finally {
    await stage.close();
  }
}

/** Prints what arrives, and whether the reader is told that it has not got everything. */
export async function printAbsences(names: readonly PeerName[], missed: readonly number[], restart: boolean) {
  const rows: Record<string, string>[] = [];
  for (const key of names) {
    const { name, resume } = await peers[key]();
    const row: Record<string, string> = { peer: name, "resumes by": resume };
    for (const count of missed) {
      const { arrived, repeated, disordered, told } = await beAway(key, count, restart);
      // Who promises nothing has not failed.
      row[`of ${count}`] = resume === "none" ? "none" : `${arrived}`;
      row[`told (${count})`] = told || (arrived === count ? "nothing to tell" : "nothing");
      row[`repeated, out of order (${count})`] = `${repeated}, ${disordered}`;
    }
    rows.push(row);
  }
  console.log(`Node ${process.version}`);
  console.table(rows);
}

if (process.argv[1] === import.meta.filename) await printAbsences(peersOf(process.argv.slice(2)), [250, 5_000], false);
