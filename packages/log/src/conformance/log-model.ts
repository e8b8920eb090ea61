import { isEnd } from "../ended-error.ts";
import { VOLATILE_AGE, type Appended, type Entry, type NewEntry } from "../event-log.ts";

/** An entry of the model. */
interface ModelEntry {
  readonly seq: number;
  readonly at: number;
  readonly given: NewEntry;
}

/** The part of an entry that the model predicts. */
export type Expected = Pick<Entry, "seq" | "channel" | "type" | "mode" | "data"> & { readonly key: string | undefined };

/** Picks that part from an entry of a log. */
export function asExpected({ seq, channel, type, mode, key, data }: Entry): Expected {
  return { seq, channel, type, mode, key, data };
}

/** Why a batch is refused: the name of the error, and each position that it may name. */
export interface Refusal {
  readonly name: "EndedError" | "ConflictError";
  readonly cursors: readonly (number | null)[];
}

/**
 * A log by its definition. It shares no code with any engine: it keeps everything for ever and scans all of it for
 * every read. From the log that it is compared with it takes only the `seq` of each entry.
 */
export class LogModel {
  readonly #all: ModelEntry[] = [];

  /** Adds a batch that the log has appended. Call {@link duplicates} before, to check the log's answer. */
  add(batch: readonly NewEntry[], appended: readonly Appended[], at: number): void {
    batch.forEach((given, index) => {
      const answer = appended[index];
      if (answer !== undefined && !answer.duplicate) this.#all.push({ seq: answer.cursor.seq, at, given });
    });
  }

  /** For each entry of a batch the `seq` of the entry that it duplicates; null for a new entry. */
  duplicates(batch: readonly NewEntry[]): (number | null | "of this batch")[] {
    return batch.map(({ channel, idempotencyKey }, index) => {
      if (idempotencyKey === undefined) return null;
      const isSame = (other: NewEntry): boolean => other.channel === channel && other.idempotencyKey === idempotencyKey;
      const first = this.#all.find(({ given }) => isSame(given));
      if (first !== undefined) return first.seq;
      return batch.slice(0, index).some(isSame) ? "of this batch" : null;
    });
  }

  /** Why `append` has to refuse a batch; null if it has to append it. A batch with two faults may name either. */
  refusalOf(batch: readonly NewEntry[], now: number): Refusal | null {
    const duplicates = this.duplicates(batch);
    const ends = batch.flatMap((entry, index) => {
      if (duplicates[index] !== null) return [];
      const isSame = (other: NewEntry): boolean => isEnd(other) && other.channel === entry.channel;
      const end = this.#all.find(({ given }) => isSame(given));
      // A retry of the end may stand in the batch, too.
      return [...(end === undefined ? [] : [end.seq]), ...(batch.slice(0, index).some(isSame) ? [null] : [])];
    });
    if (ends.length > 0) return { name: "EndedError", cursors: ends };
    const conflicts = batch.flatMap((entry, index) => {
      if (entry.expects === undefined || typeof duplicates[index] === "number") return [];
      const standing = this.standing(entry, now);
      return (entry.expects?.seq ?? null) === standing ? [] : [standing];
    });
    return conflicts.length > 0 ? { name: "ConflictError", cursors: conflicts } : null;
  }

  /** The `seq` of the value of a key; null if there is none. */
  standing(key: NewEntry, now: number): number | null {
    const value = this.#all.findLast(({ given }) => isSameKey(key, given));
    return value !== undefined && isValue(value.given) && this.#isOwed(value, now) ? value.seq : null;
  }

  /** The `seq` of the first entry of a key; null if there is none. */
  first(key: NewEntry): number | null {
    return this.#all.find(({ given }) => isSameKey(key, given))?.seq ?? null;
  }

  /** What `read` has to return. */
  owed(after: number, channels: readonly string[] | null, now: number): Expected[] {
    return this.#of(channels)
      .filter((entry) => entry.seq > after && this.#isOwed(entry, now))
      .map(toExpected);
  }

  /** What `current` has to return: values and ends. */
  current(channels: readonly string[], now: number): Expected[] {
    return this.#of(channels)
      .filter((entry) => isEnd(entry.given) || (isValue(entry.given) && this.#isOwed(entry, now)))
      .map(toExpected);
  }

  /** All reliable entries before a position. */
  reliable(channels: readonly string[] | null, before = Infinity): Expected[] {
    return this.#of(channels)
      .filter(({ seq, given }) => seq < before && given.mode === "reliable")
      .map(toExpected);
  }

  #of(channels: readonly string[] | null): ModelEntry[] {
    return this.#all.filter(({ given }) => channels === null || channels.includes(given.channel));
  }

  #isOwed(entry: ModelEntry, now: number): boolean {
    const { mode, data, expires = Infinity } = entry.given;
    switch (mode) {
      case "reliable":
        return true;
      case "volatile":
        return now - entry.at < VOLATILE_AGE;
      case "latest": {
        const isSuperseded = this.#all.some(({ seq, given }) => seq > entry.seq && isSameKey(entry.given, given));
        const hasExpired = data !== null && now - entry.at >= expires;
        return !isSuperseded && !hasExpired;
      }
    }
  }
}

function isValue({ mode, data }: NewEntry): boolean {
  return mode === "latest" && data !== null;
}

function isSameKey(one: NewEntry, other: NewEntry): boolean {
  const [key, otherKey] = [one.key ?? "", other.key ?? ""];
  return other.mode === "latest" && one.channel === other.channel && one.type === other.type && key === otherKey;
}

function toExpected({ seq, given: { channel, type, mode, key, data } }: ModelEntry): Expected {
  return { seq, channel, type, mode, key, data };
}
