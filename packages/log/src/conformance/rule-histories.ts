import * as fc from "fast-check";
import { expect } from "vitest";
import type { EventLog, KeepRules } from "../event-log.ts";
import type { Law } from "./law.ts";
import { reliable } from "./publishing.ts";
import { readToEnd, seqsOf, startOf } from "./reading.ts";

const CHANNELS = ["rooms/1", "rooms/2", "inboxes/1", "other"];

/** One step of a history. Handles take turns: each step has a number that says whose it is. */
type Step =
  | { readonly kind: "append"; readonly channels: readonly string[] }
  | { readonly kind: "trim"; readonly by: number }
  | { readonly kind: "rules"; readonly by: number; readonly kept: readonly [number, number, number] };

const by = fc.nat({ max: 1 });
const bound = fc.integer({ min: 0, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fc.constantFrom(...CHANNELS), { minLength: 1, maxLength: 8 }).map((channels) => ({
    kind: "append" as const,
    channels,
  })),
  fc.record({ kind: fc.constant("trim" as const), by }),
  fc.record({ kind: fc.constant("rules" as const), by, kept: fc.tuple(bound, bound, bound) }),
);

function rulesOf([rooms, inboxes, others]: readonly [number, number, number]): KeepRules {
  const age = Infinity;
  return {
    channels: [
      { pattern: "rooms/*", entries: rooms, age },
      { pattern: "inboxes/*", entries: inboxes, age },
    ],
    default: { entries: others, age },
  };
}

/** What is left of each channel, by its `seq`: a trim leaves the newest, as many as the rules of this moment say. */
class LeftEntries {
  readonly byChannel = new Map(CHANNELS.map((channel): [string, number[]] => [channel, []]));
  readonly #lost = new Map<string, number>();
  rules: KeepRules = rulesOf([5, 5, 5]);

  append(channel: string, seq: number): void {
    this.byChannel.get(channel)?.push(seq);
  }

  trim(): void {
    const [rooms, inboxes] = this.rules.channels;
    for (const [channel, seqs] of this.byChannel) {
      const rule = channel.startsWith("rooms") ? rooms : channel.startsWith("inboxes") ? inboxes : null;
      const lost = seqs.splice(0, Math.max(0, seqs.length - (rule ?? this.rules.default).entries));
      this.#lost.set(channel, lost.at(-1) ?? this.#lost.get(channel) ?? 0);
    }
  }

  /** Where the hole of a channel ends; 0 for a channel that has lost nothing. */
  holeOf(channel: string): number {
    return this.#lost.get(channel) ?? 0;
  }
}

async function expectLeft(log: EventLog, left: LeftEntries): Promise<void> {
  for (const [channel, seqs] of left.byChannel) {
    const { entries, holes } = await readToEnd(log, await startOf(log), [channel]);
    expect(seqsOf(entries), channel).toEqual(seqs);
    expect(holes.map(({ to }) => to)).toEqual(left.holeOf(channel) === 0 ? [] : [left.holeOf(channel)]);
  }
}

export const ruleProperties: readonly Law[] = [
  {
    law: "retention",
    title: "after any history of two handles, each trim has left what the newest rules keep, and holes for the rest",
    async run({ open, facts }) {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (history) => {
        const { log, another } = await open({ keep: { entries: 5, age: Infinity } });
        const handles = [log, await another()];
        const left = new LeftEntries();
        for (const each of history) {
          const handle = each.kind === "append" ? log : (handles[each.by] ?? log);
          if (each.kind === "append") {
            const appended = await log.append(each.channels.map((channel) => reliable(channel)));
            for (const [index, { cursor }] of appended.entries()) left.append(each.channels[index] ?? "", cursor.seq);
          } else if (each.kind === "trim") {
            await handle.trim();
            left.trim();
          } else {
            left.rules = rulesOf(each.kept);
            await handle.setRules(left.rules);
          }
        }
        await expectLeft(log, left);
        await Promise.all(handles.map((each) => each.close()));
      });
      await fc.assert(property, { numRuns: facts.runs });
    },
  },
];
