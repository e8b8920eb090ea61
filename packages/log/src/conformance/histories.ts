import * as fc from "fast-check";
import { expect } from "vitest";
import type { Cursor } from "@tidings/protocol";
import type { EventLog, Keep, NewEntry } from "../event-log.ts";
import type { EngineFacts } from "./engine.ts";
import type { Law, TriedEngine } from "./law.ts";
import { asExpected, LogModel } from "./log-model.ts";
import { ManualClock } from "./manual-clock.ts";
import { currentToEnd, readToEnd, WIDE } from "./reading.ts";

const CHANNELS = ["a", "b", "c", "d"];
const EXPIRES = 3_000;

/** An entry, and which position it expects: none, that of the value that stands there, or the first one of its key. */
interface Draft {
  readonly entry: NewEntry;
  readonly expects?: "none" | "standing" | "first";
}

/** One step of a history. */
type Step =
  | { readonly kind: "append"; readonly batch: readonly Draft[] }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "trim" };

function newEntry({ heedsClock }: EngineFacts): fc.Arbitrary<NewEntry> {
  const channel = fc.constantFrom(...CHANNELS);
  const name = fc.constantFrom("x", "y");
  const data = fc.integer({ min: 0, max: 99_999 }).map(String);
  const reliable = { channel, type: fc.constant("message"), mode: fc.constant("reliable" as const), data };
  const latest = { channel, type: name, mode: fc.constant("latest" as const), key: name, data: fc.option(data) };
  return fc.oneof(
    fc.record(reliable),
    fc.record({ ...reliable, idempotencyKey: fc.constantFrom("i", "j", "k") }),
    fc.record(latest),
    heedsClock ? fc.record({ ...latest, expires: fc.constant(EXPIRES) }) : fc.record(latest),
    fc.record({ channel, type: fc.constant("typing"), mode: fc.constant("volatile" as const), data }),
  );
}

function newDraft(facts: EngineFacts): fc.Arbitrary<Draft> {
  const plain = newEntry(facts).map((entry): Draft => ({ entry }));
  const conditional = fc.record({
    entry: newEntry(facts).filter(({ mode }) => mode === "latest"),
    expects: fc.constantFrom("none" as const, "standing" as const, "first" as const),
  });
  const end = fc.record({
    channel: fc.constantFrom(...CHANNELS),
    type: fc.constant("end"),
    mode: fc.constant("reliable" as const),
    data: fc.constant("0"),
  });
  const keyed = end.map((entry) => ({ ...entry, idempotencyKey: "end" }));
  return fc.oneof(
    { weight: 50, arbitrary: plain },
    { weight: 9, arbitrary: conditional },
    // Few: of a channel that has ended, every batch is refused.
    { weight: 1, arbitrary: fc.oneof(end, keyed).map((entry) => ({ entry })) },
  );
}

function steps(facts: EngineFacts, withTrim: boolean): fc.Arbitrary<Step[]> {
  const append = fc
    .array(newDraft(facts), { minLength: 1, maxLength: 4 })
    .map((batch): Step => ({ kind: "append", batch }));
  const wait = fc.integer({ min: 0, max: 2_500 }).map((milliseconds): Step => ({ kind: "wait", milliseconds }));
  const trim = fc.constant<Step>({ kind: "trim" });
  const others = [...(facts.heedsClock ? [wait] : []), ...(withTrim ? [trim] : [])];
  const step = fc.oneof({ weight: 4, arbitrary: append }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));
  return fc.array(step, { maxLength: 25 });
}

/** The arguments of a read: the channels, the position (as a share of the log), and the size of a page. */
const readArguments = fc.record({
  channels: fc.option(fc.subarray(CHANNELS)),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  limit: fc.record({ entries: fc.integer({ min: 1, max: 9 }), bytes: fc.integer({ min: 1, max: 40 }) }),
});
const reads = fc.array(readArguments, { minLength: 1, maxLength: 4 });

/** The position that a draft expects. */
function expectedBy({ entry, expects }: Draft, model: LogModel, now: number): number | null {
  if (expects === "standing") return model.standing(entry, now);
  return expects === "first" ? model.first(entry) : null;
}

/** Appends a batch to a log and to the model. Both have to refuse the same, and to find the same duplicates. */
async function appendToBoth(
  log: EventLog,
  model: LogModel,
  drafts: readonly Draft[],
  now: () => number,
): Promise<void> {
  const at = now();
  const { epoch } = await log.head();
  const batch = drafts.map((draft): NewEntry => {
    if (draft.expects === undefined) return draft.entry;
    const seq = expectedBy(draft, model, at);
    return { ...draft.entry, expects: seq === null ? null : { epoch, seq } };
  });
  const refusal = model.refusalOf(batch, at);
  if (refusal !== null) {
    const { name, cursors } = refusal;
    const error: unknown = await log.append(batch).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name });
    // Safe: an error of this name has a cursor.
    expect(cursors).toContain((error as { readonly cursor: Cursor | null }).cursor?.seq ?? null);
    return;
  }
  const duplicates = model.duplicates(batch);
  const appended = await log.append(batch);
  expect(appended.map(({ duplicate }) => duplicate)).toEqual(duplicates.map((first) => first !== null));
  for (const [index, first] of duplicates.entries()) {
    if (typeof first === "number") expect(appended[index]?.cursor.seq).toBe(first);
  }
  model.add(batch, appended, at);
}

/** Runs a history on a log and on the model, and passes both to `check`. */
async function replay(
  { open, facts }: TriedEngine,
  keep: Partial<Keep>,
  history: readonly Step[],
  check: (log: EventLog, model: LogModel, now: number) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const now = (): number => (facts.heedsClock ? clock.now() : Date.now());
  const { log } = await open({ keep, ...(facts.heedsClock && { now: clock.now }) });
  const model = new LogModel();
  for (const step of history) {
    switch (step.kind) {
      case "append":
        await appendToBoth(log, model, step.batch, now);
        break;
      case "wait":
        clock.move(step.milliseconds);
        break;
      case "trim":
        await log.trim();
        break;
    }
  }
  await check(log, model, now());
  await log.close();
}

export const historyProperties: readonly Law[] = [
  {
    law: "limits",
    title: "after any history, pages of any size, recent entries and current values are those of the definition",
    async run(engine) {
      const property = fc.asyncProperty(steps(engine.facts, false), reads, (history, calls) =>
        replay(engine, {}, history, async (log, model, now) => {
          const { epoch, seq } = await log.head();
          for (const { channels, share, limit } of calls) {
            const after = { epoch, seq: Math.floor(share * seq) };
            const owed = model.owed(after.seq, channels, now);
            const paged = await readToEnd(log, after, channels, limit);
            expect(paged.entries.map(asExpected)).toEqual(owed);
            expect(paged.holes).toEqual([]);
            expect((await log.read(after, channels, WIDE)).entries.map(asExpected)).toEqual(owed);

            const named = channels ?? CHANNELS;
            const current = await currentToEnd(log, named, limit);
            expect(current.entries.map(asExpected)).toEqual(model.current(named, now));
            const older = model.reliable(named, after.seq);
            const recent = await log.recent(named, limit.entries, after);
            expect(recent.entries.map(asExpected)).toEqual(older.slice(-limit.entries));
            expect(recent.more).toBe(older.length > limit.entries);
          }
        }),
      );
      await fc.assert(property, { numRuns: engine.facts.runs });
    },
  },
  {
    law: "law 7: a gap for every hole, none without",
    title: "after any history, every lost entry is in a hole, every hole has a lost entry, and the newest are kept",
    async run(engine) {
      const keep = { entries: 3 };
      const property = fc.asyncProperty(steps(engine.facts, true), reads, (history, calls) =>
        replay(engine, keep, history, async (log, model) => {
          const { epoch, seq } = await log.head();
          for (const { channels, share } of calls) {
            const after = { epoch, seq: Math.floor(share * seq) };
            const { entries, holes } = await log.read(after, channels, WIDE);
            for (const channel of channels ?? CHANNELS) {
              const owed = model.reliable([channel]).filter((entry) => entry.seq > after.seq);
              const found = new Set(entries.filter((entry) => entry.channel === channel).map((entry) => entry.seq));
              const lost = owed.filter((entry) => !found.has(entry.seq));
              const to = lost.at(-1)?.seq;
              expect(holes.filter((hole) => hole.channel === channel)).toEqual(
                to === undefined ? [] : [{ channel, reason: "trimmed", to }],
              );
              for (const entry of model.reliable([channel]).slice(-keep.entries)) {
                if (entry.seq > after.seq) expect(found).toContain(entry.seq);
              }
            }
          }
          await log.trim();
          for (const channel of CHANNELS) {
            const { entries } = await log.recent([channel], 100);
            expect(entries.map(asExpected)).toEqual(model.reliable([channel]).slice(-keep.entries));
          }
        }),
      );
      await fc.assert(property, { numRuns: engine.facts.runs });
    },
  },
];
