import type { EventLog } from "@tidings/log";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { expect } from "vitest";
import { nextWake, quiet } from "../src/conformance/waking.ts";
import { everything, reliable } from "./entries.ts";

/** A clock whose timers run twenty times as fast, so that a doorbell has little patience. */
export const HASTY_CLOCK: Clock = {
  ...systemClock,
  setTimeout: (task, milliseconds, isBackground) => systemClock.setTimeout(task, milliseconds / 20, isBackground),
};

/** A log behind a network that can drop everything, and another handle on it with a network of its own. */
interface FarLog {
  readonly log: EventLog;
  readonly near: EventLog;
  readonly network: { readonly silence: () => void; readonly speak: () => void };
  /** The milliseconds after which a call without an answer has to fail. */
  readonly limit: number;
}

const PAGE = { entries: 100, bytes: 1e6 };

/** Timers of a busy machine are late, by a second or so. It has ten. */
async function expectWithin<Result>(limit: number, call: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await call();
  expect(performance.now() - start).toBeLessThan(limit + 10_000);
  return result;
}

/** Calls fail in time and say so while nothing comes through. The first ones after that succeed. */
export async function expectBackFromSilence({ log, near, network, limit }: FarLog): Promise<void> {
  // Several connections are in use, and several are idle after that.
  await Promise.all([log.head(), log.head(), log.head(), log.append([reliable("a", "1")])]);
  const start = await log.head();
  network.silence();
  const once = reliable("a", "2", { idempotencyKey: "once" });
  const calls = expectWithin(limit, () =>
    Promise.allSettled([
      log.append([once]),
      log.read(start, null, PAGE),
      // It waits for the first one, and is never sent.
      new Promise((resolve) => setTimeout(resolve, 100)).then(() => log.append([reliable("a", "never")])),
    ]),
  );
  expect(await calls).toMatchObject([
    { reason: { name: "AppendError", outcome: "unknown" } },
    { reason: { message: expect.stringContaining("Cannot read the log") as string } },
    { reason: { name: "AppendError", outcome: "none" } },
  ]);
  // No connection can be made.
  const refused = expectWithin(limit, () => log.append([reliable("a", "never")]).catch((error: unknown) => error));
  expect(await refused).toMatchObject({ name: "AppendError", outcome: "none" });
  network.speak();
  await near.append([reliable("a", "3")]);
  const { entries } = await log.read(start, null, PAGE);
  expect(entries.map(({ data }) => data)).toEqual(["3"]);
  expect(await log.append([once])).toMatchObject([{ duplicate: false }]);
  expect(await everything(near)).toEqual(["1", "3", "2"]);
}

/** Whoever listens, and loses the connection without an end, polls after some time, and listens again when it can. */
export async function expectDoorbellBackFromSilence({ log, near, network }: Omit<FarLog, "limit">): Promise<void> {
  await quiet(log);
  network.silence();
  // It has noticed that it hears nothing, and that it cannot ring itself: it polls.
  expect(await nextWake(log, 40_000)).toBe(true);
  network.speak();
  await quiet(log);
  const woken = nextWake(log);
  await near.append([reliable("a", "1")]);
  expect(await woken).toBe(true);
  expect(await everything(log)).toEqual(["1"]);
}
