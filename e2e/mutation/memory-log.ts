import type { Cursor } from "@tidings/protocol";
import type { EventLog, MemoryLogOptions, Page } from "@tidings/log";
import type * as entryIndex from "../../packages/log/src/entry-index.ts";
import type * as keptEntries from "../../packages/log/src/kept-entries.ts";
import type * as kind from "../../packages/log/src/kind.ts";
import type * as memoryLogModule from "../../packages/log/src/memory-log.ts";
import type * as trimMarks from "../../packages/log/src/trim-marks.ts";
import { wrapLog } from "../../packages/log/src/engine/wrap-log.ts";
import { replace, type Mutation } from "./mutation.ts";

const MODULE = "packages/log/src/memory-log.ts";
const KIND = "packages/log/src/kind.ts";

/** The methods that a broken log has instead of those of the log that it decorates. */
type Decorate = (log: EventLog, options: MemoryLogOptions) => Partial<EventLog>;

/** A memory log of which some methods are wrapped. */
export function decorate(methods: Decorate): Mutation {
  return replace<typeof memoryLogModule>(MODULE, {
    memoryLog: (memoryLog) => (options) => {
      const log = memoryLog(options);
      return wrapLog(log, methods(log, options ?? {}));
    },
  });
}

/** A memory log that gets other options than it was given. */
export function reconfigure(change: (options: MemoryLogOptions) => MemoryLogOptions): Mutation {
  return replace<typeof memoryLogModule>(MODULE, {
    memoryLog: (memoryLog) => (options) => {
      const log = memoryLog(change(options ?? {}));
      // It still says what it was told to keep.
      const stat: EventLog["stat"] = async () => ({
        ...(await log.stat()),
        keep: (await memoryLog(options).stat()).keep,
      });
      return wrapLog(log, { stat });
    },
  });
}

/** A memory log that is broken in its marks of what retention has dropped. */
export const replaceMarks = (wrapper: (original: typeof trimMarks.TrimMarks) => typeof original): Mutation =>
  replace<typeof trimMarks>("packages/log/src/trim-marks.ts", {
    TrimMarks: wrapper,
  });

/** A memory log that is broken in what it keeps. */
export function replaceKept(
  wrapper: (original: typeof keptEntries.KeptEntries) => typeof keptEntries.KeptEntries,
): Mutation {
  return replace<typeof keptEntries>("packages/log/src/kept-entries.ts", { KeptEntries: wrapper });
}

type KindModule = typeof kind;

/** A memory log in which one decision about a kind of entries is another one. */
export const replaceKind = (wrappers: Parameters<typeof replace<KindModule>>[1]): Mutation =>
  replace<KindModule>(KIND, wrappers);

/** What a decision of retention about one kind is instead. */
export const retain = (
  kind: keyof KindModule["retentionOf"],
  change: Partial<KindModule["retentionOf"]["latest"]>,
): Mutation =>
  replaceKind({ retentionOf: (retentionOf) => ({ ...retentionOf, [kind]: { ...retentionOf[kind], ...change } }) });

/** A memory log that names the keys of `latest` entries in another way. */
export const replaceKeys = (keyOf: typeof entryIndex.keyOf): Mutation =>
  replace<typeof entryIndex>("packages/log/src/entry-index.ts", {
    keyOf: () => keyOf,
  });

type PositionChange = (position: Cursor, head: Cursor) => Cursor;

/** A memory log that takes positions for others: in all methods, or in some. */
export function movePositions(change: PositionChange, methods = ["read", "recent", "current"]): Mutation {
  return decorate((log) => {
    const moved = async (position: Cursor): Promise<Cursor> => change(position, await log.head());
    const changed: Partial<EventLog> = {
      read: async (after, ...rest) => log.read(await moved(after), ...rest),
      recent: async (channels, n, before) => log.recent(channels, n, before && (await moved(before))),
      current: async (channels, after, limit) => log.current(channels, after && (await moved(after)), limit),
    };
    return Object.fromEntries(Object.entries(changed).filter(([method]) => methods.includes(method)));
  });
}

/** A memory log that changes the pages which it answers to `read`. */
export const changeReads = (change: (page: Page, after: Cursor, log: EventLog) => Page | Promise<Page>): Mutation =>
  decorate((log) => ({
    read: async (after, ...rest) => change(await log.read(after, ...rest), after, log),
  }));

/** A memory log that gives out every second position only. Otherwise it keeps every promise. */
export const sparse: Mutation = decorate((log) => {
  const inside = ({ epoch, seq }: Cursor): Cursor => ({ epoch, seq: Math.ceil(seq / 2) });
  const outside = <Position extends Cursor>(position: Position): Position => ({ ...position, seq: 2 * position.seq });
  const shown = async (reading: Promise<Page>): Promise<Page> => {
    const page = await reading;
    const holes = page.holes.map((hole) => ({ ...hole, to: 2 * hole.to }));
    return { ...page, entries: page.entries.map(outside), next: outside(page.next), holes };
  };
  return {
    append: async (batch) =>
      (await log.append(batch)).map(({ cursor, duplicate }) => ({ cursor: outside(cursor), duplicate })),
    head: async () => outside(await log.head()),
    read: (after, ...rest) => shown(log.read(inside(after), ...rest)),
    recent: (channels, n, before) => shown(log.recent(channels, n, before && inside(before))),
    current: (channels, after, limit) => shown(log.current(channels, after && inside(after), limit)),
    stat: async () => {
      const stat = await log.stat();
      return { ...stat, head: outside(stat.head) };
    },
  };
});

export const trusted: PositionChange = ({ seq }, head) => ({ epoch: head.epoch, seq: Math.min(seq, head.seq) });
export const withoutEpoch: PositionChange = ({ seq }, { epoch }) => ({ epoch, seq });
export const withoutEnd: PositionChange = ({ epoch, seq }, head) => ({
  epoch,
  seq: epoch === head.epoch ? Math.min(seq, head.seq) : seq,
});

/** A log that shows every second entry a little after it was acknowledged, so that later ones are seen before it. */
export const outOfOrder = decorate((log) => {
  const hidden = new Set<number>();
  const shown = async (reading: Promise<Page>): Promise<Page> => {
    const page = await reading;
    return { ...page, entries: page.entries.filter(({ seq }) => !hidden.has(seq)) };
  };
  return {
    append: async (batch) => {
      const appending = log.append(batch);
      const { seq } = await log.head();
      const late = batch.map((_, index) => seq - index).filter((each) => each % 2 === 0);
      for (const each of late) hidden.add(each);
      const show = (): void => late.forEach((each) => hidden.delete(each));
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => queueMicrotask(show))));
      return appending;
    },
    read: (...asked) => shown(log.read(...asked)),
    recent: (...asked) => shown(log.recent(...asked)),
    current: (...asked) => shown(log.current(...asked)),
  };
});

/** A log that never looks up an idempotency key. */
export const withoutKeys = decorate((log) => ({
  append: (batch) => log.append(batch.map(({ idempotencyKey: _key, ...entry }) => entry)),
}));

/** Each trim mark is compared as if it were of all channels. */
export const oneMarkForAll = replaceMarks(
  (TrimMarks) =>
    class extends TrimMarks {
      override holes(...[seq, asked]: Parameters<InstanceType<typeof TrimMarks>["holes"]>) {
        const to = Math.max(0, ...this.marks.values());
        const channels = asked ?? [...this.marks.keys()];
        return to > seq ? [...new Set(channels)].map((channel) => ({ channel, reason: "trimmed" as const, to })) : [];
      }
    },
);

/** Values that have expired are found by no trim. */
export const neverWithdrawn = replaceKept(
  (KeptEntries) =>
    class extends KeptEntries {
      override expired() {
        return [];
      }
    },
);

/** Every value has a key of its own, so none replaces another. */
export const nothingSuperseded = replaceKeys((entry) => ("seq" in entry ? String(entry.seq) : ""));
