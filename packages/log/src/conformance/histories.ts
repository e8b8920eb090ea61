import * as fc from "fast-check";
import { expect } from "vitest";
import type { EventLog, Keep, NewEntry } from "../event-log.ts";
import type { Engine, EngineFacts } from "./engine.ts";
import type { Law } from "./law.ts";
import { asExpected, LogModel } from "./log-model.ts";
import { ManualClock } from "./manual-clock.ts";
import { currentToEnd, readToEnd, WIDE } from "./reading.ts";

const CHANNELS = ["a", "b", "c", "d"];
const EXPIRES = 3_000;

/** A batch, or that time passes, or that retention is applied. */
type Step = { readonly batch: readonly NewEntry[] } | { readonly pass: number } | "trim";

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

function steps(facts: EngineFacts, trims: boolean): fc.Arbitrary<Step[]> {
  const batch = fc.array(newEntry(facts), { minLength: 1, maxLength: 4 }).map((entries): Step => ({ batch: entries }));
  const pass = facts.heedsClock ? [fc.integer({ min: 0, max: 2_500 }).map((time): Step => ({ pass: time }))] : [];
  const trim = trims ? [fc.constant<Step>("trim")] : [];
  return fc.array(
    fc.oneof({ weight: 4, arbitrary: batch }, ...[...pass, ...trim].map((arbitrary) => ({ weight: 1, arbitrary }))),
    {
      maxLength: 25,
    },
  );
}

/** What a reader asks: which channels, from where (a share of the log), and in pages of which size. */
const question = fc.record({
  channels: fc.option(fc.subarray(CHANNELS)),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  limit: fc.record({ entries: fc.integer({ min: 1, max: 9 }), bytes: fc.integer({ min: 1, max: 40 }) }),
});

/** Lives through a history on a log and on the model, and hands both over. */
async function live(
  { open, facts }: Engine,
  keep: Partial<Keep>,
  history: readonly Step[],
  check: (log: EventLog, model: LogModel, now: number) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const now = (): number => (facts.heedsClock ? clock.now() : Date.now());
  const { log } = await open({ keep, ...(facts.heedsClock && { now: clock.now }) });
  const model = new LogModel();
  for (const step of history) {
    if (step === "trim") await log.trim();
    else if ("pass" in step) clock.move(step.pass);
    else {
      const duplicates = model.duplicates(step.batch);
      const at = now();
      const appended = await log.append(step.batch);
      expect(appended.map(({ duplicate }) => duplicate)).toEqual(duplicates.map((known) => known !== null));
      for (const [index, known] of duplicates.entries()) {
        if (typeof known === "number") expect(appended[index]?.cursor.seq).toBe(known);
      }
      model.add(step.batch, appended, at);
    }
  }
  await check(log, model, now());
  await log.close();
}

export const historyProperties: readonly Law[] = [
  {
    law: "limits",
    title: "after any history, pages of any size say what the definition says, and so do history and current values",
    async run(engine) {
      const property = fc.asyncProperty(
        steps(engine.facts, false),
        fc.array(question, { minLength: 1, maxLength: 4 }),
        (history, questions) =>
          live(engine, {}, history, async (log, model, now) => {
            const { epoch, seq } = await log.head();
            for (const { channels, from, limit } of questions) {
              const after = { epoch, seq: Math.floor(from * seq) };
              const owed = model.owed(after.seq, channels, now);
              const paged = await readToEnd(log, after, channels, limit);
              expect(paged.entries.map(asExpected)).toEqual(owed);
              expect(paged.holes).toEqual([]);
              expect((await log.read(after, channels, WIDE)).entries.map(asExpected)).toEqual(owed);

              const asked = channels ?? CHANNELS;
              expect((await currentToEnd(log, asked, limit)).entries.map(asExpected)).toEqual(
                model.current(asked, now),
              );
              const older = model.reliable(asked, after.seq);
              const recent = await log.recent(asked, limit.entries, after);
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
    title:
      "after any history, every lost entry is in a hole, every hole has a lost entry, and retention keeps what it promises",
    async run(engine) {
      const keep = { entries: 3 };
      const property = fc.asyncProperty(
        steps(engine.facts, true),
        fc.array(question, { minLength: 1, maxLength: 4 }),
        (history, questions) =>
          live(engine, keep, history, async (log, model) => {
            const { epoch, seq } = await log.head();
            for (const { channels, from } of questions) {
              const after = { epoch, seq: Math.floor(from * seq) };
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
              expect((await log.recent([channel], 100)).entries.map(asExpected)).toEqual(
                model.reliable([channel]).slice(-keep.entries),
              );
            }
          }),
      );
      await fc.assert(property, { numRuns: engine.facts.runs });
    },
  },
];
