import type { EventLog } from "@tidings/log";
import { untilDone } from "../src/conformance/waking.ts";
import { everything } from "./entries.ts";

/** Calls until it succeeds, and returns the milliseconds that it took. */
export async function timeUntilDone(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await untilDone(call);
  return performance.now() - start;
}

/** Resolves with the milliseconds until a watcher is woken and the log has so many entries. */
export async function timeUntil(log: EventLog, count: number, append: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const seen = new Promise<void>((resolve, reject) => {
    const look = async (): Promise<void> => {
      if ((await everything(log)).length < count) return;
      stop();
      resolve();
    };
    const stop = log.watch(() => void look().catch(reject));
  });
  await append();
  await seen;
  return performance.now() - start;
}
