import { VOLATILE_AGE, type Appended, type Entry, type NewEntry } from "../event-log.ts";

interface Modelled {
  readonly seq: number;
  readonly at: number;
  readonly given: NewEntry;
}

/** An entry as the model knows it. */
export type Expected = Pick<Entry, "seq" | "channel" | "type" | "mode" | "data"> & { readonly key: string | undefined };

/** What is compared of an entry that a log returned. */
export function asExpected({ seq, channel, type, mode, key, data }: Entry): Expected {
  return { seq, channel, type, mode, key, data };
}

/**
 * A log by its definition, with nothing in common with any engine: it keeps everything for ever, looks at all of it for every
 * question, and takes only the places from the log that it is compared with.
 */
export class LogModel {
  readonly #all: Modelled[] = [];

  /** What the log must have answered to this batch is checked by {@link isDuplicate} before. */
  add(batch: readonly NewEntry[], appended: readonly Appended[], at: number): void {
    batch.forEach((given, index) => {
      const answer = appended[index];
      if (answer !== undefined && !answer.duplicate) this.#all.push({ seq: answer.cursor.seq, at, given });
    });
  }

  /** Where each entry of a batch stands already; null for those that are new. */
  duplicates(batch: readonly NewEntry[]): (number | null | "of this batch")[] {
    return batch.map(({ channel, idempotencyKey }, index) => {
      if (idempotencyKey === undefined) return null;
      const isSame = (other: NewEntry): boolean => other.channel === channel && other.idempotencyKey === idempotencyKey;
      const known = this.#all.find(({ given }) => isSame(given));
      if (known !== undefined) return known.seq;
      return batch.slice(0, index).some(isSame) ? "of this batch" : null;
    });
  }

  owed(after: number, channels: readonly string[] | null, now: number): Expected[] {
    return this.#all.filter((one) => one.seq > after && isAsked(one, channels) && this.#isOwed(one, now)).map(expected);
  }

  current(channels: readonly string[], now: number): Expected[] {
    const values = this.#all.filter(({ given }) => given.mode === "latest" && given.data !== null);
    return values.filter((one) => isAsked(one, channels) && this.#isOwed(one, now)).map(expected);
  }

  reliable(channels: readonly string[] | null, before = Infinity): Expected[] {
    return this.#all
      .filter((one) => one.given.mode === "reliable" && one.seq < before && isAsked(one, channels))
      .map(expected);
  }

  #isOwed(one: Modelled, now: number): boolean {
    const { mode, data, expires = Infinity } = one.given;
    if (mode === "reliable") return true;
    if (mode === "volatile") return now - one.at < VOLATILE_AGE;
    return (
      !this.#all.some((other) => other.seq > one.seq && isSameKey(one.given, other.given)) &&
      (data === null || now - one.at < expires)
    );
  }
}

function isSameKey(one: NewEntry, other: NewEntry): boolean {
  const [key, otherKey] = [one.key ?? "", other.key ?? ""];
  return other.mode === "latest" && one.channel === other.channel && one.type === other.type && key === otherKey;
}

function isAsked({ given }: Modelled, channels: readonly string[] | null): boolean {
  return channels === null || channels.includes(given.channel);
}

function expected({ seq, given: { channel, type, mode, key, data } }: Modelled): Expected {
  return { seq, channel, type, mode, key, data };
}
