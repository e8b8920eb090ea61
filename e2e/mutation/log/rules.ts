import type { ChannelKeep, Entry, KeepRules } from "@tidings/log";
import type * as agedEntries from "../../../packages/log/src/aged-entries.ts";
import type { Slot } from "../../../packages/log/src/entry-index.ts";
import type * as keepRules from "../../../packages/log/src/keep-rules.ts";
import { decorate } from "../memory-log.ts";
import { replace, type Mutation } from "../mutation.ts";

const replaceRules = (wrappers: Parameters<typeof replace<typeof keepRules>>[1]): Mutation =>
  replace<typeof keepRules>("packages/log/src/keep-rules.ts", wrappers);

/** A log that finds out in another way whether a pattern has the form of a path. */
const matching = (fits: (pattern: string, channel: string) => boolean): Mutation =>
  replaceRules({
    findKeep: () => (rules) => (channel) =>
      rules.channels.find(({ pattern }) => fits(pattern, channel)) ?? rules.default,
  });

/** The form of a pattern, with another text in the place of a star. */
const formOf = (pattern: string, star: string): RegExp => new RegExp(`^${pattern.replaceAll("*", star)}$`);

const stricter = (one: ChannelKeep, other: ChannelKeep): ChannelKeep => ({
  entries: Math.min(one.entries, other.entries),
  age: Math.min(one.age, other.age),
});

/** Logs that go by other rules than those that were stored last. */
export const ruleMutations: Readonly<Record<string, Mutation>> = {
  "has one rule for all channels": replaceRules({ findKeep: () => (rules) => () => rules.default }),
  "takes a star for several segments": matching((pattern, channel) => formOf(pattern, ".+").test(channel)),
  "takes a pattern for the beginning of a path": matching((pattern, channel) =>
    new RegExp(`^${pattern.replaceAll("*", "[^/]+")}`).test(channel),
  ),
  "takes a pattern for a part of a path": matching((pattern, channel) =>
    new RegExp(`${pattern.replaceAll("*", "[^/]+")}$`).test(channel),
  ),
  "decodes the path before it looks for its rule": matching((pattern, channel) =>
    formOf(pattern, "[^/]+").test(decodeURIComponent(channel)),
  ),
  "goes by the last rule that fits": replaceRules({
    findKeep: (findKeep) => (rules) => findKeep({ ...rules, channels: rules.channels.toReversed() }),
  }),
  "goes by the rules that were stored first": decorate((log) => {
    let isSet = false;
    return {
      setRules: async (rules) => {
        if (!isSet) await log.setRules(rules);
        isSet = true;
      },
    };
  }),
  "goes by the strictest rules that it has seen": decorate((log) => {
    let strictest: ChannelKeep = { entries: Infinity, age: Infinity };
    return {
      setRules: async ({ channels, default: others }: KeepRules) => {
        strictest = stricter(strictest, others);
        await log.setRules({ channels, default: strictest });
      },
    };
  }),
  "goes by new rules only after the next entry": decorate((log) => {
    let newest: KeepRules | null = null;
    return {
      setRules: async (rules) => {
        newest = rules;
      },
      append: async (batch) => {
        if (newest !== null) await log.setRules(newest);
        newest = null;
        return log.append(batch);
      },
    };
  }),
  "drops at once what new rules do not keep": decorate((log) => ({
    setRules: async (rules) => {
      await log.setRules(rules);
      await log.trim();
    },
  })),
  "lets an old entry of one rule hide those of the others": replace<typeof agedEntries>(
    "packages/log/src/aged-entries.ts",
    {
      AgedEntries: (AgedEntries) =>
        class extends AgedEntries {
          readonly #all: Slot<Entry>[] = [];
          override add(keep: ChannelKeep, slot: Slot<Entry>): void {
            super.add(keep, slot);
            this.#all.push(slot);
          }
          override findAged(now: number): Slot<Entry> | undefined {
            while (this.#all[0]?.item === null) this.#all.shift();
            const slot = super.findAged(now);
            return slot === this.#all[0] ? slot : undefined;
          }
        },
    },
  ),
  "tells what it was told to keep instead of its rules": decorate((log) => ({
    stat: async () => {
      const { keep, ...others } = await log.stat();
      return { ...others, keep, rules: { channels: [], default: { entries: keep.entries, age: keep.age } } };
    },
  })),
  "takes every pattern and every bound": replaceRules({ checkRules: () => (rules) => rules }),
};
