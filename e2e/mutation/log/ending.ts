import { isEnded, type Entry, type EventLog } from "@tidings/log";
import type * as endedError from "../../../packages/log/src/ended-error.ts";
import { changeReads, decorate, replaceKept, replaceMarks } from "../memory-log.ts";
import { replace, type Mutation } from "../mutation.ts";
import { breaking } from "./mutant.ts";

const WIDE = { entries: Infinity, bytes: Infinity };
const bySeq = (one: Entry, other: Entry): number => one.seq - other.seq;

/** A log that checks in another way whether something comes after an end. */
const checking = (checkEnds: (original: typeof endedError.checkEnds) => typeof endedError.checkEnds): Mutation =>
  replace<typeof endedError>("packages/log/src/ended-error.ts", { checkEnds });

/** A log with more current values than there are. */
const addingToCurrent = (more: (log: EventLog, ended: readonly string[]) => Promise<readonly Entry[]>): Mutation =>
  decorate((log) => ({
    current: async (channels, after, limit) => {
      const page = await log.current(channels, after, limit);
      const values = await log.current(channels, null, WIDE);
      const ended = values.entries.filter(({ type }) => type === "end").map(({ channel }) => channel);
      const found = (await more(log, ended)).filter(({ seq }) => page.entries.every((entry) => entry.seq !== seq));
      return { ...page, entries: [...page.entries, ...found].toSorted(bySeq) };
    },
  }));

/** Logs that do not keep to the end of a channel. */
export const endingMutants = breaking("ends", {
  "goes on after an end": replaceKept(
    (KeptEntries) =>
      class extends KeptEntries {
        override endOf(): Entry | null {
          return null;
        }
      },
  ),
  "takes an entry of any mode for an end": replaceKept(
    (KeptEntries) =>
      class extends KeptEntries {
        override endOf(channel: string): Entry | null {
          const { latest, volatile } = this.byKind;
          const newest = [latest, volatile].map(({ lists }) => lists.get(channel)?.newest()?.item);
          return super.endOf(channel) ?? newest.find((entry) => entry?.type === "end") ?? null;
        }
      },
  ),
  "appends what comes before an ended channel": decorate((log) => ({
    append: async (batch) => (await Promise.all(batch.map((entry) => log.append([entry])))).flat(),
  })),
  "lets entries follow an end in its batch": checking((checkEnds) => (batch, finder) => {
    for (const entry of batch) checkEnds([entry], finder);
  }),
  "refuses a retry of an end": checking((checkEnds) => (batch, finder) => {
    checkEnds(batch, { ...finder, isRepeated: () => false });
  }),
  "refuses an end that is twice in its batch": checking((checkEnds) => (batch, finder) => {
    const withoutKeys = batch.map(({ idempotencyKey: _key, ...entry }) => entry);
    checkEnds(withoutKeys, {
      ...finder,
      isRepeated: (entry) => batch.some((given, at) => withoutKeys[at] === entry && finder.isRepeated(given)),
    });
  }),
  "does not say where the end stands": decorate((log) => ({
    append: async (batch) => {
      try {
        return await log.append(batch);
      } catch (error) {
        throw isEnded(error) ? Object.assign(error, { cursor: null }) : error;
      }
    },
  })),
  "has no ends among its current values": decorate((log) => ({
    current: async (...asked) => {
      const page = await log.current(...asked);
      return { ...page, entries: page.entries.filter(({ type }) => type !== "end") };
    },
  })),
  "brings the ends on every page of its current values": addingToCurrent(async (log, ended) => {
    const { entries } = await log.recent(ended, 1_000);
    return entries.filter(({ type }) => type === "end");
  }),
  "brings all entries of an ended channel as current values": addingToCurrent(
    async (log, ended) => (await log.recent(ended, 1_000)).entries,
  ),
  "withdraws values after the end": replaceKept((KeptEntries) => {
    let isTrimming = false;
    return class extends KeptEntries {
      override trim(now: number): void {
        isTrimming = true;
        super.trim(now);
        isTrimming = false;
      }
      override endOf(channel: string): Entry | null {
        return isTrimming ? null : super.endOf(channel);
      }
    };
  }),
  "keeps values longer than the end": replaceKept(
    (KeptEntries) =>
      class extends KeptEntries {
        override trim(now: number): void {
          const { lists } = this.byKind.latest;
          lists.get = () => undefined;
          super.trim(now);
          Reflect.deleteProperty(lists, "get");
        }
      },
  ),
  "drops the values of a channel after its end": decorate((log) => {
    let left: readonly Entry[] | null = null;
    return {
      trim: async () => {
        const { entries } = await log.current(["a"], null, WIDE);
        left = entries.filter(({ type }) => type !== "end");
        await log.trim();
        await new Promise((resolve) => setTimeout(resolve, 20));
        left = null;
      },
      current: async (...asked) => {
        const page = await log.current(...asked);
        return left === null ? page : { ...page, entries: left };
      },
    };
  }),
  "counts ended channels among those that it remembers": replaceMarks((TrimMarks) => {
    let isLeaving = false;
    return class extends TrimMarks {
      override leave(channel: string): void {
        isLeaving = true;
        super.leave(channel);
        isLeaving = false;
      }
      override forget(channel: string): void {
        if (isLeaving) super.forget(channel);
        else this.leave(channel);
      }
    };
  }),
  "hides what was trimmed of a channel that has ended": changeReads(async (page, _after, log) => {
    const asked = page.holes.map(({ channel }) => channel);
    const { entries } = await log.current(asked, null, WIDE);
    const ended = new Set(entries.filter(({ type }) => type === "end").map(({ channel }) => channel));
    return { ...page, holes: page.holes.filter(({ channel }) => !ended.has(channel)) };
  }),
  "forgets an end without a hole": replaceMarks(
    (TrimMarks) =>
      class extends TrimMarks {
        override forget(channel: string): void {
          this.marks.delete(channel);
        }
      },
  ),
});
