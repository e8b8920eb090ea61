import * as fc from "fast-check";
import { expect } from "vitest";
import { isEnd } from "../ended-error.ts";
import type { EventLog, NewEntry } from "../event-log.ts";
import type { Law } from "./law.ts";
import { HOUR, ManualClock } from "./manual-clock.ts";
import { latest, reliable } from "./publishing.ts";
import { currentToEnd, readToEnd, seqsOf, startOf, WIDE } from "./reading.ts";

const CHANNELS = ["a", "b", "c", "d"];

/** One step of a history. */
type Step =
  | { readonly kind: "append"; readonly entry: NewEntry }
  | { readonly kind: "wait"; readonly hours: number }
  | { readonly kind: "trim" };

const channel = fc.constantFrom(...CHANNELS);
const key = fc.constantFrom("x", "y");
const entry: fc.Arbitrary<NewEntry> = fc.oneof(
  { weight: 3, arbitrary: channel.map((of) => reliable(of)) },
  { weight: 2, arbitrary: fc.tuple(channel, key).map(([of, name]) => latest(of, name, "1")) },
  { weight: 1, arbitrary: fc.tuple(channel, key).map(([of, name]) => latest(of, name, null)) },
  { weight: 1, arbitrary: channel.map((of) => reliable(of, "1", { type: "end" })) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: entry.map((each): Step => ({ kind: "append", entry: each })) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((hours): Step => ({ kind: "wait", hours })) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: "trim" }) },
);

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });

interface Kept {
  readonly seq: number;
  readonly at: number;
  readonly given: NewEntry;
}

/** What a log that keeps entries for two hours has, by its definition, and where its holes end. */
class ForgetfulModel {
  kept: readonly Kept[] = [];
  readonly #marks = new Map<string, number>();
  /** Where the last end stood that is forgotten. */
  #forgotten = 0;

  hasEnded(of: string): boolean {
    return this.kept.some(({ given }) => given.channel === of && isEnd(given));
  }

  append(given: NewEntry, seq: number, at: number): void {
    // Nobody knows what the channel was before that.
    if (!this.#isKnown(given.channel)) this.#marks.set(given.channel, this.#forgotten);
    const isReplaced = ({ given: other }: Kept): boolean =>
      given.mode === "latest" && other.mode === "latest" && other.channel === given.channel && other.key === given.key;
    this.kept = [...this.kept.filter((each) => !isReplaced(each)), { seq, at, given }];
  }

  trim(now: number): void {
    const due = this.kept.filter(({ at, given }) => now - at >= 2 * HOUR && !isValue(given));
    this.kept = this.kept.filter((each) => !due.includes(each));
    for (const { seq, given } of due) {
      this.#marks.set(given.channel, Math.max(seq, this.#marks.get(given.channel) ?? 0));
    }
    for (const { seq, given } of due.filter((each) => isEnd(each.given))) {
      this.kept = this.kept.filter((each) => each.given.channel !== given.channel);
      this.#marks.delete(given.channel);
      this.#forgotten = Math.max(this.#forgotten, seq);
    }
  }

  /** Where the holes of a reader end, by channel. */
  holes(after: number): Map<string, number> {
    const ends = CHANNELS.map((of): [string, number] => [
      of,
      this.#isKnown(of) ? (this.#marks.get(of) ?? 0) : this.#forgotten,
    ]);
    return new Map(ends.filter(([, to]) => to > after));
  }

  #isKnown(of: string): boolean {
    return this.#marks.has(of) || this.kept.some(({ given }) => given.channel === of);
  }
}

function isValue({ mode, data }: NewEntry): boolean {
  return mode === "latest" && data !== null;
}

/** @param readers their positions, as shares of the log */
async function expectSame(log: EventLog, model: ForgetfulModel, readers: readonly number[]): Promise<void> {
  const { epoch, seq: head } = await log.head();
  for (const share of [0, ...readers]) {
    const after = Math.floor(share * head);
    const { holes } = await log.read({ epoch, seq: after }, CHANNELS, WIDE);
    const found = new Map(holes.map(({ channel: of, to }) => [of, to]));
    expect(found, `after ${after}`).toEqual(model.holes(after));
  }
  const all = await readToEnd(log, await startOf(log), CHANNELS);
  expect(seqsOf(all.entries)).toEqual(seqsOf(model.kept));
  const current = model.kept.filter(({ given }) => isValue(given) || isEnd(given));
  expect(seqsOf((await currentToEnd(log, CHANNELS)).entries)).toEqual(seqsOf(current));
  expect((await log.stat()).entries).toBe(model.kept.length);
}

export const endingProperties: readonly Law[] = [
  {
    law: "ends",
    title: "after any history of ends and trims, nothing is left of what is forgotten, and its readers have a hole",
    only: { heedsClock: true },
    async run({ open, facts }) {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), shares, async (history, readers) => {
        const clock = new ManualClock();
        const { log } = await open({ keep: { age: 2 * HOUR }, now: clock.now });
        const model = new ForgetfulModel();
        for (const each of history) {
          if (each.kind === "wait") clock.move(each.hours * HOUR);
          else if (each.kind === "trim") {
            await log.trim();
            model.trim(clock.now());
          } else if (model.hasEnded(each.entry.channel)) {
            await expect(log.append([each.entry])).rejects.toMatchObject({ name: "EndedError" });
          } else {
            const [appended] = await log.append([each.entry]);
            model.append(each.entry, appended?.cursor.seq ?? 0, clock.now());
          }
        }
        await log.trim();
        model.trim(clock.now());
        await expectSame(log, model, readers);
        await log.close();
      });
      await fc.assert(property, { numRuns: facts.runs });
    },
  },
];
