import type { Appended, Entry, EventLog, Keep, NewEntry } from "@tidings/log";
import type * as eventLog from "../../../packages/log/src/event-log.ts";
import type * as keptEntries from "../../../packages/log/src/kept-entries.ts";
import {
  changeReads,
  decorate,
  neverWithdrawn,
  nothingSuperseded,
  reconfigure,
  replaceKept,
  replaceKeys,
  replaceKind,
  retain,
  withoutKeys,
} from "../memory-log.ts";
import { replace, type Mutation } from "../mutation.ts";
import { breaking } from "./mutant.ts";
import { ruleMutations } from "./rules.ts";

const TEN_MINUTES = 600_000;
const DAY = 86_400_000;

type Kept = keptEntries.KeptEntries;
type Burst = ConstructorParameters<typeof keptEntries.KeptEntries> extends [unknown, ...infer Others] ? Others : never;

/** The log with another constant for how long it keeps something, in milliseconds. */
const constants = (changed: { readonly VOLATILE_AGE?: number; readonly IDEMPOTENCY_AGE?: number }): Mutation =>
  replace<typeof eventLog>("packages/log/src/event-log.ts", {
    VOLATILE_AGE: (age) => changed.VOLATILE_AGE ?? age,
    IDEMPOTENCY_AGE: (age) => changed.IDEMPOTENCY_AGE ?? age,
  });

/** A log that compares an age where it should compare a distance, for one mode. */
const ageInsteadOfDistance = (isVolatile: boolean): Mutation =>
  replaceKind({
    isYoung: (isYoung) => (at, now, lifetime) =>
      (lifetime === 5_000) === isVolatile ? now - at < lifetime : isYoung(at, now, lifetime),
  });

/** A log that knows idempotency keys by another name than that of channel and key. */
const nameKeys = (nameOf: (entry: NewEntry) => string): Mutation =>
  decorate((log) => {
    const appendedByKey = new Map<string, Appended>();
    const appendOne = async (entry: NewEntry): Promise<Appended> => {
      const name = entry.idempotencyKey === undefined ? null : nameOf(entry);
      const first = name === null ? undefined : appendedByKey.get(name);
      if (first !== undefined) return { ...first, duplicate: true };
      const [appended] = await log.append([entry]);
      if (appended === undefined) throw new Error("Expected the log to append an entry, got nothing.");
      if (name !== null) appendedByKey.set(name, appended);
      return appended;
    };
    return {
      append: async (batch) => {
        const appended: Appended[] = [];
        for (const entry of batch) appended.push(await appendOne(entry));
        return appended;
      },
    };
  });

/** A log that changes what it answers to an append of a known key. */
const changeDuplicates = (change: (duplicate: Appended, log: EventLog) => Appended | Promise<Appended>): Mutation =>
  decorate((log) => ({
    append: async (batch) =>
      Promise.all((await log.append(batch)).map(async (each) => (each.duplicate ? change(each, log) : each))),
  }));

/** Logs that keep too much or too little: of a mode, by retention, of idempotency keys. */
export const keepingMutants = [
  ...breaking("latest", {
    "returns superseded values": nothingSuperseded,
    "returns a value again to a reader that has seen it": decorate((log) => ({
      read: async (after, channels, ...rest) => {
        const page = await log.read(after, channels, ...rest);
        if (page.entries.length > 0 || channels === null) return page;
        const { entries } = await log.current(channels, null, { entries: Infinity, bytes: Infinity });
        return { ...page, entries: entries.filter(({ seq }) => seq === after.seq) };
      },
    })),
    "drops values like reliable entries": retain("latest", { isCounted: true }),
    "drops values by their age": retain("latest", { isAged: true }),
    "evicts reliable entries for values": retain("latest", { isWeighed: true }),
    "keeps withdrawals to itself": changeReads((page) => ({
      ...page,
      entries: page.entries.filter(({ data }) => data !== null),
    })),
    "takes a withdrawal for a value": replaceKind({
      kindOf:
        () =>
        ({ mode }) =>
          mode,
    }),
    "ignores that values expire": decorate((log) => ({
      append: (batch) => log.append(batch.map(({ expires: _expires, ...entry }) => entry)),
    })),
    "never withdraws an expired value": neverWithdrawn,
    "has one key for all types of a channel": replaceKeys(
      ({ channel, key = "" }) => `${channel.length} ${channel}${key}`,
    ),
    "keeps a value for ever when the clock goes back": ageInsteadOfDistance(false),
    "confuses types and keys with spaces": replaceKeys(
      ({ channel, type, key = "" }) => `${channel.length} ${channel}${type} ${key}`,
    ),
  }),
  ...breaking("volatile", {
    "owes volatile entries for ever": constants({ VOLATILE_AGE: Infinity }),
    "owes volatile entries not at all": constants({ VOLATILE_AGE: 0 }),
    "counts volatile entries as lost": replaceKind({
      leavesHole: (leavesHole) => (kind, isNewest) => kind === "volatile" || leavesHole(kind, isNewest),
    }),
    "keeps a volatile entry for an hour when the clock goes back": ageInsteadOfDistance(true),
    "never drops volatile entries": replaceKept((KeptEntries) => {
      let isDropping = false;
      return class extends KeptEntries {
        override add(...given: Parameters<Kept["add"]>) {
          isDropping = true;
          const slot = super.add(...given);
          isDropping = false;
          return slot;
        }
        override trim(now: number): void {
          isDropping = true;
          super.trim(now);
          isDropping = false;
        }
        override isOwed(entry: Entry, now: number): boolean {
          return (isDropping && entry.mode === "volatile") || super.isOwed(entry, now);
        }
      };
    }),
  }),
  ...breaking("retention", {
    "keeps one entry less": reconfigure((options) => ({
      ...options,
      keep: { ...options.keep, entries: (options.keep?.entries ?? 1_000) - 1 },
    })),
    "keeps all entries": reconfigure((options) => ({ ...options, keep: { ...options.keep, entries: Infinity } })),
    "drops what is above its entries before anybody had a turn": reconfigure((options) => ({ burst: 0, ...options })),
    "keeps a burst until the next one": replaceKept((KeptEntries) => {
      let isTrimming = false;
      return class extends KeptEntries {
        constructor(keep: Keep, ...others: Burst) {
          // While it trims, no channel has too many entries.
          const entries = (): number => (isTrimming ? Infinity : keep.entries);
          super(Object.defineProperty({ ...keep }, "entries", { get: entries }), ...others);
        }
        override trim(now: number): void {
          isTrimming = true;
          super.trim(now);
          isTrimming = false;
        }
      };
    }),
    "keeps entries for longer": reconfigure((options) => ({
      ...options,
      keep: { ...options.keep, age: (options.keep?.age ?? DAY) + 1 },
    })),
    "keeps entries for ever": reconfigure((options) => ({ ...options, keep: { ...options.keep, age: Infinity } })),
    "goes back to its beginning when it keeps nothing": decorate((log) => ({
      head: async () => {
        const { head, entries } = await log.stat();
        return entries === 0 ? { ...head, seq: 0 } : head;
      },
    })),
    "keeps any number of bytes": reconfigure((options) => ({ ...options, keep: { ...options.keep, bytes: Infinity } })),
    "drops the newest for the bytes": replaceKept((KeptEntries) => {
      let isAdding = false;
      return class extends KeptEntries {
        constructor(...given: ConstructorParameters<typeof KeptEntries>) {
          super(...given);
          const { all } = this.byKind.reliable;
          const oldest = all.oldest.bind(all);
          const newest: typeof oldest = () => {
            const { slots, index } = all.before(Infinity);
            return slots[index];
          };
          all.oldest = () => (isAdding ? newest() : oldest());
        }
        override add(...given: Parameters<Kept["add"]>) {
          isAdding = true;
          const slot = super.add(...given);
          isAdding = false;
          return slot;
        }
      };
    }),
    "keeps withdrawals for ever": retain("withdrawal", { isAged: false }),
    ...ruleMutations,
    "does not count what it keeps": decorate((log) => ({ stat: async () => ({ ...(await log.stat()), bytes: 0 }) })),
    // A text: the index of a list is private to it, and the list has no seam with what makes it.
    "loses entries when it sweeps": {
      file: "packages/log/src/entry-index.ts",
      from: "\n    this.#first = 0;",
      to: "",
    },
  }),
  ...breaking("idempotency", {
    "remembers no key": withoutKeys,
    "has one scope for all channels": nameKeys(({ idempotencyKey = "" }) => idempotencyKey),
    "confuses channels and keys with spaces": nameKeys(({ channel, idempotencyKey }) => `${channel} ${idempotencyKey}`),
    "forgets a key with its entry": constants({ IDEMPOTENCY_AGE: 0 }),
    "forgets a key whose entry it keeps": decorate((log, { now = Date.now }) => {
      const first = new Map<string, number>();
      return {
        append: (batch) =>
          log.append(
            batch.map((entry) => {
              const { idempotencyKey, ...others } = entry;
              if (idempotencyKey === undefined) return entry;
              const name = `${entry.channel}\n${idempotencyKey}`;
              const at = first.get(name) ?? now();
              first.set(name, at);
              return now() - at < TEN_MINUTES ? entry : others;
            }),
          ),
      };
    }),
    "does not say that it is a duplicate": changeDuplicates((each) => ({ ...each, duplicate: false })),
    "returns the head for a duplicate": changeDuplicates(async (each, log) => ({ ...each, cursor: await log.head() })),
  }),
];
