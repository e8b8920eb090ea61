import { expect, onTestFinished, test, vi } from "vitest";
import { latest, reliable, volatile } from "./conformance/publishing.ts";
import type { NewEntry } from "./event-log.ts";
import { memoryLog } from "./memory-log.ts";

const MINUTE = 60_000;
const FOR_LONG = { entries: 100_000, age: 1_000 * MINUTE };
const RULES = { channels: [{ ...FOR_LONG, pattern: "jobs/*", age: MINUTE, entries: 100 }], default: FOR_LONG };

function isIterator(value: unknown): value is Iterator<unknown> {
  return typeof value === "object" && value !== null && "next" in value && Symbol.iterator in value;
}

/** Calls of maps and sets, each step of a walk over one, and each item of an array that is walked over. */
async function countSteps(work: () => Promise<void>): Promise<number> {
  let steps = 0;
  const originals: (() => void)[] = [];
  const wrap = (prototype: object, name: string | symbol, before: (self: { readonly length?: number }) => void) => {
    const original = Reflect.get(prototype, name) as (...given: unknown[]) => unknown;
    const wrapped = function (this: object, ...given: unknown[]): unknown {
      before(this);
      return counted(Reflect.apply(original, this, given));
    };
    Reflect.set(prototype, name, wrapped);
    originals.push(() => Reflect.set(prototype, name, original));
  };
  const counted = (result: unknown): unknown => {
    if (!isIterator(result)) return result;
    const next = result.next.bind(result);
    result.next = (...given) => {
      steps++;
      return next(...given);
    };
    return result;
  };
  for (const { prototype } of [Map, Set]) {
    for (const name of ["get", "set", "add", "has", "delete"]) {
      if (name in prototype) wrap(prototype, name, () => void steps++);
    }
    for (const name of ["keys", "values", "entries", Symbol.iterator]) wrap(prototype, name, () => {});
  }
  for (const name of ["filter", "find", "findIndex", "findLast", "map", "flatMap", "forEach", "toSorted", "indexOf"]) {
    wrap(Array.prototype, name, ({ length = 0 }) => void (steps += length));
  }
  try {
    await work();
  } finally {
    for (const restore of originals) restore();
  }
  return steps;
}

interface Filling {
  /** Entries that the trim drops. */
  readonly due: number;
  /** Channels beside them. Each has an event, a value that expires later, and a withdrawal. */
  readonly others: number;
  /** Why they are dropped: they are too old, or too many, or values that have expired. */
  readonly because?: "age" | "entries" | "expiry";
}

/** The steps of one trim. */
async function costOf({ due, others, because = "age" }: Filling): Promise<number> {
  let now = 1e9;
  const log = memoryLog({ now: () => now, keep: { bytes: 1e9 } });
  await log.setRules(RULES);
  for (let n = 0; n < others; n++) {
    const channel = `rooms/${n}`;
    const value = latest(channel, "a", "1", { expires: 500 * MINUTE });
    // Nothing is dropped here: the lists would be swept later, in the trim that is measured.
    await log.append([reliable(channel), value, latest(channel, "b", null)]);
  }
  const channels = because === "entries" ? 1 : due;
  const more = because === "entries" ? 100 : 0;
  const dueIn = (channel: string): NewEntry =>
    because === "expiry" ? latest(channel, "now", "1", { expires: MINUTE }) : reliable(channel);
  await log.append(Array.from({ length: due + more }, (_, n) => dueIn(`jobs/${n % channels}`)));
  now += because === "entries" ? 0 : MINUTE;
  const before = await log.stat();
  const steps = await countSteps(() => log.trim());
  const after = await log.stat();
  // A withdrawal takes the place of a value.
  if (because === "expiry") expect([after.head.seq - before.head.seq, after.entries]).toEqual([due, before.entries]);
  else expect(before.entries - after.entries).toBe(due);
  return steps;
}

test.each(["age", "entries", "expiry"] as const)(
  "what is dropped for its %s costs the same, however much the log keeps besides",
  async (because) => {
    const alone = await costOf({ due: 1_000, others: 0, because });
    // Less, if anything: lists in which much is left are swept less often.
    expect(await costOf({ due: 1_000, others: 5_000, because })).toBeLessThanOrEqual(alone);
    expect(alone).toBeGreaterThan(1_000);
    const tenfold = await costOf({ due: 10_000, others: 0, because });
    expect(tenfold / alone).toBeLessThan(11);
  },
);

test("a trim that has nothing to do takes the same few steps, however much the log keeps", async () => {
  const empty = await costOf({ due: 0, others: 0 });
  expect(await costOf({ due: 0, others: 10_000 })).toBeLessThan(empty + 10);
  expect(empty).toBeLessThan(30);
});

test("twenty thousand ended channels past their retention leave as much as none: no map or set has grown", async () => {
  const collections: { readonly size: number }[] = [];
  const note = (collection: { readonly size: number }): void => void collections.push(collection);
  vi.stubGlobal(
    "Map",
    class extends Map<unknown, unknown> {
      constructor(entries?: Iterable<readonly [unknown, unknown]>) {
        super(entries);
        note(this);
      }
    },
  );
  vi.stubGlobal(
    "Set",
    class extends Set<unknown> {
      constructor(items?: Iterable<unknown>) {
        super(items);
        note(this);
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
  // Those of one append are small, and gone after it. What is kept for each channel is in a large one.
  const largest = () => collections.reduce((most, { size }) => Math.max(most, size), 0);

  let now = 1e9;
  const log = memoryLog({ now: () => now, keep: { bytes: 1e9 } });
  await log.setRules(RULES);
  const runJobs = async (first: number, count: number): Promise<void> => {
    for (let n = first; n < first + count; n++) {
      const channel = `jobs/${n}`;
      const written: NewEntry[] = [
        reliable(channel, "1", { idempotencyKey: "begin" }),
        latest(channel, "done", "1"),
        latest(channel, "now", "1", { expires: 500 * MINUTE }),
        latest(channel, "former", "1"),
        latest(channel, "former", null),
        volatile(channel),
        reliable(channel, "1", { type: "end", idempotencyKey: "end" }),
      ];
      await log.append(written);
    }
    // Idempotency keys are kept for ten minutes.
    now += 11 * MINUTE;
    await log.trim();
    await log.trim();
  };
  await runJobs(0, 1);
  const before = largest();
  expect(before).toBeLessThan(10);
  await runJobs(1, 20_000);
  expect([largest(), (await log.stat()).entries, (await log.stat()).bytes]).toEqual([before, 0, 0]);
});
