import type { Appended, Hole } from "@tidings/log";
import type * as entryIndex from "../../../packages/log/src/entry-index.ts";
import type * as eventLog from "../../../packages/log/src/event-log.ts";
import {
  changeReads,
  decorate,
  movePositions,
  oneMarkForAll,
  outOfOrder,
  reconfigure,
  replaceKind,
  replaceMarks,
  trusted,
  withoutEnd,
  withoutEpoch,
} from "../memory-log.ts";
import { replace } from "../mutation.ts";
import { breaking } from "./mutant.ts";

const isTrimmed = ({ reason }: Hole): boolean => reason === "trimmed";
const FORGOTTEN: typeof eventLog.FORGOTTEN_CHANNELS = "";
const OTHER = { lost: "reset", reset: "lost", trimmed: "trimmed" } as const;

/** Logs that break a numbered law. */
export const lawMutants = [
  ...breaking("law 2: the log validates cursors", {
    "takes every position for its own": movePositions(trusted),
    "does not compare epochs": movePositions(withoutEpoch),
    "does not compare the end of the epoch": movePositions(withoutEnd),
    "gives the wrong reason": changeReads((page) => ({
      ...page,
      holes: page.holes.map((hole) => ({ ...hole, reason: OTHER[hole.reason] })),
    })),
    "does not validate where history ends": movePositions(trusted, ["recent"]),
    "does not validate where current values go on": movePositions(trusted, ["current"]),
    "goes on from the refused position": changeReads((page, after) => ({
      ...page,
      next: page.holes.every(isTrimmed) ? page.next : after,
    })),
    "forgets channels without entries when it refuses": decorate((log) => ({
      read: async (after, channels, ...rest) => {
        const page = await log.read(after, channels, ...rest);
        return channels === null ? { ...page, holes: page.holes.filter(isTrimmed) } : page;
      },
    })),
  }),
  ...breaking("law 3: a cursor is an epoch and a position", {
    "has the same epoch every time": reconfigure((options) => ({ ...options, random: () => 0 })),
    "names an epoch with characters that no cursor has": decorate((log) => ({
      head: async () => ({ ...(await log.head()), epoch: "a.b" }),
    })),
    "names an epoch that looks like a part": decorate((log) => ({
      head: async () => ({ ...(await log.head()), epoch: "a--b" }),
    })),
  }),
  ...breaking("law 4: an epoch has an end", {
    "refuses the end of its epoch": movePositions(({ epoch, seq }, head) => ({
      epoch,
      seq: epoch === head.epoch && seq === head.seq ? seq + 1 : seq,
    })),
    "resumes positions that a process before it gave out": reconfigure((options) => ({ ...options, random: () => 0 })),
  }),
  ...breaking("law 5: append order is visibility order", {
    "appends a batch backwards": decorate((log) => ({
      append: async (batch) => (await log.append(batch.toReversed())).toReversed(),
    })),
    "shows every second entry late": outOfOrder,
    "looks for the head when the caller has gone on": decorate((log) => ({
      head: async () => {
        await Promise.resolve();
        return log.head();
      },
    })),
    "passes over what is appended during a read": changeReads(async (page, _after, log) => ({
      ...page,
      next: page.more ? page.next : await log.head(),
    })),
    "shows a batch in parts": decorate((log) => ({
      append: async (batch) => {
        const appended: Appended[] = [];
        for (const entry of batch) appended.push(...(await log.append([entry])));
        return appended;
      },
    })),
  }),
  ...breaking("law 6: acked is appended", {
    "acknowledges first and appends later": decorate((log) => ({
      append: async (batch) => {
        const { epoch, seq } = await log.head();
        setTimeout(() => {
          log.append(batch).catch(() => {});
        });
        return batch.map((_, index) => ({ cursor: { epoch, seq: seq + 1 + index }, duplicate: false }));
      },
    })),
  }),
  ...breaking("law 7: a gap for every hole, none without", {
    "lets a value live on whose withdrawal it trims": replaceKind({ leavesHole: () => (kind) => kind === "reliable" }),
    "misses withdrawals that have a newer value": replaceKind({
      leavesHole: () => (kind) => kind === "reliable" || kind === "withdrawal",
    }),
    "makes a hole smaller again": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override move(channel: string, seq: number): void {
            super.move(channel, seq);
            this.marks.set(channel, seq);
          }
        },
    ),
    "never announces a hole": changeReads((page) => ({
      ...page,
      holes: page.holes.filter((hole) => !isTrimmed(hole)),
    })),
    "has one trim mark for all channels": oneMarkForAll,
    "announces a hole to a reader that has seen the last lost entry": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override holes(seq: number, asked: readonly string[] | null): Hole[] {
            return super.holes(seq - 1, asked);
          }
        },
    ),
    "hides a hole of one entry": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override holes(seq: number, asked: readonly string[] | null): Hole[] {
            return super.holes(seq + 1, asked);
          }
        },
    ),
    "forgets empty channels without a trace": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override holes(seq: number, asked: readonly string[] | null): Hole[] {
            return super.holes(seq, asked).filter(({ channel }) => this.marks.has(channel));
          }
        },
    ),
    "remembers every channel": reconfigure((options) => ({
      ...options,
      keep: { ...options.keep, emptyChannels: Infinity },
    })),
    "forgets channels that are in use": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          constructor(emptyChannels: number) {
            super(emptyChannels, () => false);
          }
        },
    ),
    "takes a forgotten channel for a new one": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override use(channel: string): void {
            const isNew = !this.marks.has(channel);
            super.use(channel);
            if (isNew) this.marks.delete(channel);
          }
        },
    ),
    "keeps counting a channel as empty that is used again": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override use(channel: string): void {
            super.use(channel);
            this.leave(channel);
          }
        },
    ),
    "hides forgotten channels from who reads all": replaceMarks(
      (TrimMarks) =>
        class extends TrimMarks {
          override holes(seq: number, asked: readonly string[] | null): Hole[] {
            return super.holes(seq, asked).filter(({ channel }) => channel !== FORGOTTEN);
          }
        },
    ),
    "forgets the hole of a channel that is empty": changeReads(async (page, _after, log) => {
      const kept = await Promise.all(page.holes.map(({ channel }) => log.recent([channel], 1)));
      return { ...page, holes: page.holes.filter((hole, at) => !isTrimmed(hole) || kept[at]?.entries.length !== 0) };
    }),
    "counts superseded values as lost": replaceKind({ leavesHole: () => (kind) => kind !== "volatile" }),
    "evicts a quiet channel for a noisy one": replace<typeof entryIndex>("packages/log/src/entry-index.ts", {
      EntryIndex: (EntryIndex) =>
        class<Item> extends EntryIndex<Item> {
          // Every channel adds to the list of all channels instead of its own.
          override add(...added: Parameters<InstanceType<typeof EntryIndex<Item>>["add"]>) {
            super.add(...added);
            return this.all;
          }
        },
    }),
  }),
  ...breaking("law 10: the doorbell", {
    "never rings": decorate(() => ({ watch: () => () => {} })),
    "fails an append for a watcher that throws": decorate((log) => {
      let failure: unknown = null;
      return {
        append: async (batch) => {
          failure = null;
          const appended = await log.append(batch);
          if (failure !== null) throw failure;
          return appended;
        },
        watch: (wake) =>
          log.watch(() => {
            try {
              wake();
            } catch (error) {
              failure = error;
            }
          }),
      };
    }),
    "takes two watches of one function for one": decorate((log) => {
      const stops = new Map<() => void, () => void>();
      return {
        watch: (wake) => {
          const stop = stops.get(wake) ?? log.watch(wake);
          stops.set(wake, stop);
          return stop;
        },
      };
    }),
  }),
  ...breaking("law 11: filtering is no gap", {
    "stands still at the last entry of the channels asked for": changeReads((page, after) => ({
      ...page,
      next: page.more ? page.next : (page.entries.at(-1) ?? after),
    })),
    "takes passed over entries for a hole": decorate((log) => ({
      read: async (after, channels, limit, signal) => {
        const { holes } = await log.read(after, null, limit);
        return { ...(await log.read(after, channels, limit, signal)), holes };
      },
    })),
  }),
];
