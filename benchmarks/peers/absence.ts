import { peers, peersOf, type PeerName } from "./peers.ts";
import { Stage } from "./stage.ts";

// What a reader gets after an absence: `npx tsx --conditions @tidings/source benchmarks/peers/absence.ts [peer…]`
//
// The reader has read ten events. Its connection breaks, more events are published, and it reconnects in the way of its
// library, with the library's default waiting times.

/** Milliseconds that a reader has to reconnect. */
const RECONNECT_TIME = 20_000;

/** What one reader got after an absence. */
export interface Absence {
  readonly missed: number;
  readonly arrived: number;
  readonly repeated: number;
  readonly disordered: number;
  /** What the library has reported about a loss; empty if it has reported nothing. */
  readonly notices: string;
}

/** @param restart whether the server restarts; then half of the events is published before it, and half after it */
export async function measureAbsence(name: PeerName, missed: number, restart = false): Promise<Absence> {
  const stage = await Stage.open(name);
  try {
    const reader = await stage.addReader();
    const { received, line } = reader;
    await stage.publish(10);
    await stage.settle(reader, RECONNECT_TIME);
    line.cut();
    const before = await stage.publish(Math.ceil(missed / 2));
    if (restart) await stage.restart();
    const after = await stage.publish(Math.floor(missed / 2));
    line.mend();
    const isBack = await stage.settle(reader, RECONNECT_TIME);
    const { repeated, disordered, notices } = received;
    const arrived = received.count({ from: before.from, to: after.to });
    return { missed, arrived, repeated, disordered, notices: isBack ? notices : `never reconnected; ${notices}` };
  } finally {
    await stage.close();
  }
}

/** Prints what arrives, and whether the library reports that events are missing. */
export async function printAbsences(names: readonly PeerName[], missed: readonly number[], restart: boolean) {
  const rows: Record<string, string>[] = [];
  for (const key of names) {
    const { name, resume } = await peers[key]();
    const row: Record<string, string> = { peer: name, "resumes by": resume };
    for (const count of missed) {
      const { arrived, repeated, disordered, notices } = await measureAbsence(key, count, restart);
      // A library that does not promise to resume has not failed.
      row[`arrived of ${count}`] = resume === "none" ? "none" : `${arrived}`;
      row[`reported (${count})`] = notices || (arrived === count ? "no loss" : "nothing");
      row[`repeated, out of order (${count})`] = `${repeated}, ${disordered}`;
    }
    rows.push(row);
  }
  console.log(`Node ${process.version}`);
  console.table(rows);
}

if (process.argv[1] === import.meta.filename) await printAbsences(peersOf(process.argv.slice(2)), [250, 5_000], false);
