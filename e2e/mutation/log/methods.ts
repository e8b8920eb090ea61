import type { Entry } from "@tidings/log";
import { changeReads, decorate, movePositions, sparse } from "../memory-log.ts";
import { breaking } from "./mutant.ts";

const bySeq = (one: Entry, other: Entry): number => one.seq - other.seq;
const byChannel = (one: Entry, other: Entry): number => one.channel.localeCompare(other.channel);

/** Logs of which a method does not do what it says. */
export const methodMutants = [
  ...breaking("append", {
    "appends the half of a batch that can be read": decorate((log) => ({
      append: async (batch) => {
        for (const entry of batch) await log.append([entry]);
        return [];
      },
    })),
    "takes the batch when the caller has gone on": decorate((log) => ({
      append: async (batch) => {
        await Promise.resolve();
        return log.append(batch);
      },
    })),
    "takes a position for an empty batch": decorate((log) => ({
      append: async (batch) => {
        if (batch.length === 0) await log.append([{ channel: "a", type: "x", mode: "volatile", data: "1" }]);
        return log.append(batch);
      },
    })),
    "leaves positions out inside of a batch": sparse,
    "gives every entry a key": changeReads((page) => ({
      ...page,
      // The type forbids a key that is there and undefined; that is what is wrong with it.
      entries: page.entries.map((entry) => ({ key: undefined, ...entry }) as unknown as Entry),
    })),
  }),
  ...breaking("limits", {
    "ignores the limit of entries": decorate((log) => ({
      read: (after, channels, limit, signal) => log.read(after, channels, { ...limit, entries: Infinity }, signal),
    })),
    "ignores the limit of bytes": decorate((log) => ({
      read: (after, channels, limit, signal) => log.read(after, channels, { ...limit, bytes: Infinity }, signal),
    })),
    "returns nothing of what is larger than the limit": decorate((log) => ({
      read: async (after, channels, limit, signal) => {
        const page = await log.read(after, channels, limit, signal);
        const isLarger = (page.entries[0]?.data?.length ?? 0) > limit.bytes;
        return isLarger ? { ...page, entries: [], next: after, more: true } : page;
      },
    })),
    "passes over the entry that did not fit": changeReads((page) => ({
      ...page,
      next: page.more ? { ...page.next, seq: page.next.seq + 1 } : page.next,
    })),
    "says that a full page was the last": changeReads((page) => ({ ...page, more: false })),
    "returns what is not asked for": decorate((log) => ({
      read: (after, _channels, limit, signal) => log.read(after, null, limit, signal),
    })),
    "reads a channel twice that is named twice": decorate((log) => ({
      read: async (after, channels, ...rest) => {
        const page = await log.read(after, channels, ...rest);
        const timesOf = (path: string): number => channels?.filter((each) => each === path).length ?? 1;
        const entries = page.entries.flatMap((entry) => Array<Entry>(timesOf(entry.channel)).fill(entry));
        return { ...page, entries };
      },
    })),
    "reads on for a reader that has gone": decorate((log) => ({
      read: (after, channels, limit) => log.read(after, channels, limit),
    })),
    "merges channels out of order": changeReads((page) => ({ ...page, entries: page.entries.toSorted(byChannel) })),
    "finds positions one too late": movePositions(
      ({ epoch, seq }, head) => ({ epoch, seq: seq < head.seq ? seq + 1 : seq }),
      ["read"],
    ),
  }),
  ...breaking("recent", {
    "counts values as history": decorate((log) => ({
      recent: async (channels, n, before) => {
        const page = await log.recent(channels, n, before);
        const values = await log.current(channels, null, { entries: n, bytes: Infinity });
        return { ...page, entries: [...page.entries, ...values.entries].toSorted(bySeq) };
      },
    })),
    "returns the newest first": decorate((log) => ({
      recent: async (...asked) => {
        const page = await log.recent(...asked);
        return { ...page, entries: page.entries.toReversed() };
      },
    })),
    "promises older ones that there are not": decorate((log) => ({
      recent: async (channels, n, before) => {
        const page = await log.recent(channels, n, before);
        return { ...page, more: page.entries.length === n };
      },
    })),
    "begins at the newest entry when there is nothing before": decorate((log) => ({
      recent: async (channels, n, before) => {
        const page = await log.recent(channels, n, before);
        return page.entries.length > 0 ? page : log.recent(channels, n);
      },
    })),
    "returns the entry before which it was asked": movePositions(
      ({ epoch, seq }, head) => ({ epoch, seq: seq < head.seq ? seq + 1 : seq }),
      ["recent"],
    ),
  }),
  ...breaking("current", {
    "skips the rest of the values after a page": decorate((log) => ({
      current: async (...asked) => ({ ...(await log.current(...asked)), next: await log.head() }),
    })),
    "starts over with every page": decorate((log) => ({
      current: (channels, _after, limit) => log.current(channels, null, limit),
    })),
    "ignores its limit": decorate((log) => ({
      current: (channels, after) => log.current(channels, after, { entries: Infinity, bytes: Infinity }),
    })),
    "ends at the last value instead of the head": decorate((log) => ({
      current: async (...asked) => {
        const page = await log.current(...asked);
        return { ...page, next: page.entries.at(-1) ?? page.next };
      },
    })),
  }),
  ...breaking("close", {
    "appends after it was closed": decorate(() => ({ close: async () => {} })),
  }),
];
