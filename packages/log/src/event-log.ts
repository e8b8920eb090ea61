import type { Cursor } from "@tidings/protocol";
import type { Mode } from "@tidings/protocol/mode";

/** How long a volatile entry is owed, in milliseconds. */
export const VOLATILE_AGE = 5_000;

/** The time that a log remembers an idempotency key at least, in milliseconds. */
export const IDEMPOTENCY_AGE = 600_000;

/** In a read of every channel: the channel of the hole that stands for all forgotten ones. No address has this path. */
export const FORGOTTEN_CHANNELS = "";

/**
 * An entry before it is appended. None of its texts may contain NUL or a lone surrogate, and neither `channel` nor
 * `type` a line break.
 */
export interface NewEntry {
  /** The path of an address. */
  readonly channel: string;
  /** A reliable entry with the type `end` is the last one of its channel. */
  readonly type: string;
  readonly mode: Mode;
  /** `latest` only: this entry replaces the value of its channel and type that has the same key. @default "" */
  readonly key?: string;
  /** JSON text. Null withdraws the `latest` value of the key. */
  readonly data: string | null;
  /** `latest` only: milliseconds until the value is withdrawn, unless it is renewed; above 0. @default never */
  readonly expires?: number;
  /**
   * `latest` only: the batch is appended only if the newest value of the key stands at this position; with null, only
   * if there is no value. A value that was withdrawn or has expired is none. @default no condition
   */
  readonly expects?: Cursor | null;
  /**
   * A channel appends only one entry with the same key. The log remembers the key as long as it keeps the entry, and
   * for at least 10 minutes. @default none
   */
  readonly idempotencyKey?: string;
}

/** An entry as the log keeps it, with its cursor. */
export interface Entry extends Cursor {
  readonly channel: string;
  readonly type: string;
  readonly mode: Mode;
  readonly key?: string;
  /** The time of the append by the log's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly data: string | null;
}

/**
 * A channel that has lost reliable entries or withdrawals after the given position. Of a channel without history, the
 * log may only know that it could have (`keep.emptyChannels`).
 */
export interface Hole {
  readonly channel: string;
  /**
   * `trimmed`: retention dropped them. `reset`: the position belongs to another log. `lost`: the position belongs to a
   * suffix that a failover lost.
   */
  readonly reason: "trimmed" | "reset" | "lost";
  /** The `seq` of the last lost entry. A reader that starts there or later misses nothing. */
  readonly to: number;
}

/** The result of one read. */
export interface Page {
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** The position to read on from. It is after all entries that were scanned, of other channels, too. */
  readonly next: Cursor;
  /** Whether there may be entries after `next` already. */
  readonly more: boolean;
  readonly holes: readonly Hole[];
}

/** The bounds of one read. A page has one entry even if that entry alone exceeds them. */
export interface Limit {
  /** Entries that are scanned. */
  readonly entries: number;
  /** Bytes of data that are returned, in UTF-8. */
  readonly bytes: number;
}

/** The result of appending one entry. */
export interface Appended {
  readonly cursor: Cursor;
  /** True if the idempotency key was used before; `cursor` is then that of the first append. */
  readonly duplicate: boolean;
}

/**
 * What retention keeps of a channel. It treats a withdrawal like a reliable entry: a dropped one leaves a hole, because
 * a reader that still has the value has to learn of its withdrawal.
 */
export interface ChannelKeep {
  /**
   * The most reliable entries per channel, and the most withdrawals per channel. `trim()` applies it. An append drops
   * none of the newest 10,000 entries of a channel for this limit: live readers have to get their turn at what is
   * published in one go.
   */
  readonly entries: number;
  /** The longest time, in milliseconds. */
  readonly age: number;
}

/** What retention keeps of the channels with one form of path. */
export interface KeepRule extends ChannelKeep {
  /**
   * Segments, separated by `/`. `*` stands for one segment, whatever it is. Every other segment is compared with the
   * path as it is written, with its percent-encoding. `rooms/*` is of `rooms/a%2Fb`, not of `rooms/a/b`.
   */
  readonly pattern: string;
}

/** What retention keeps of each channel. The first rule whose pattern has the form of a path holds. */
export interface KeepRules {
  readonly channels: readonly KeepRule[];
  /** Of the channels that no rule is about. */
  readonly default: ChannelKeep;
}

/** What one handle of a log is told to keep. Rules that are stored in the log replace its `entries` and `age`. */
export interface Keep extends ChannelKeep {
  /**
   * The most bytes of the whole log; each engine says what it counts. The newest values of `latest` do not count, since
   * retention never drops them.
   */
  readonly bytes: number;
  /**
   * How many channels without entries the log remembers: those that were emptied last. One position stands for all
   * forgotten ones. The README of this package, "Forgotten channels", says which readers get a `trimmed` hole. An
   * ended channel is not among them: it is forgotten together with its end.
   */
  readonly emptyChannels: number;
}

/** The state of a log. */
export interface LogStat {
  readonly head: Cursor;
  /** Entries of every mode. */
  readonly entries: number;
  /** Bytes of all entries, with the values of `latest`; each engine says what it counts. */
  readonly bytes: number;
  /** What this handle was told to keep. */
  readonly keep: Keep;
  /** The rules in force. As long as none are stored, they are `entries` and `age` of `keep` for all channels. */
  readonly rules: KeepRules;
}

/**
 * Append-only storage with one sequence for all channels. A reader holds a cursor and reads what comes after it.
 *
 * - Append order is visibility order: nobody sees `n + 1` before `n` is visible, or certain never to become visible.
 * - `append` resolves when the entries are as durable as configured.
 * - A cursor is valid if and only if the log has its epoch and its `seq` is not after the end of that epoch. Every
 *   method that takes a cursor validates it in the same step. The answer to an invalid cursor is not an exception but a
 *   page without entries, with the head as `next`, and with a `reset` or `lost` hole for every given channel.
 * - An epoch has 1 to 24 characters `A-Z a-z 0-9 _ -`, and no two hyphens in a row, as `newEpoch` makes it. A hub
 *   refuses other epochs: it uses the remaining characters of a cursor for positions between current values.
 * - A reliable entry with the type `end` is the last one of its channel: every later append to it is refused, and a
 *   value that expires later is dropped without a withdrawal. When retention drops the end, the log forgets the
 *   channel: nothing of it is kept, and it can be used again.
 * - Naming a channel twice is the same as naming it once.
 * - A clock that jumps affects only what depends on age. An entry is "younger than 5 s", or "not expired", if the
 *   *distance* between its time and now is small enough, so nothing lives for ever when the clock goes back.
 */
export interface EventLog {
  /**
   * Appends all entries of a batch in order, or none. An entry with a used idempotency key is not appended again; this
   * includes keys of the same batch.
   *
   * All conditions of a batch (`expects`) are checked against the log as it is before the batch, in one step with the
   * append. An entry that was appended before, by its idempotency key, is not checked again.
   *
   * @throws EndedError if the channel of an entry has ended, or ends before it in the batch; then nothing of the batch
   *   is appended. An entry that was appended before is not refused
   * @throws ConflictError if a value does not stand where an entry expects it; then nothing of the batch is appended
   * @throws AppendError if the entries cannot be stored; it says whether they may be stored all the same
   * @throws Error if the log is closed
   */
  append(batch: readonly NewEntry[]): Promise<readonly Appended[]>;
  /**
   * Reads what is owed after `after`: reliable entries; `latest` entries that are the newest of their key (values until
   * they expire, and withdrawals); volatile entries younger than 5 s. `holes` names the given channels that have lost
   * reliable entries or withdrawals after `after`.
   *
   * With `null` for `channels` it reads every channel. If channels were forgotten (`keep.emptyChannels`) that lost
   * something after `after`, one hole with the channel `""` stands for them. An empty log has no channel to name in
   * `holes`, so a reader of every channel also compares the epoch of `next` with its own.
   *
   * @throws the reason of `signal` if it is aborted
   */
  read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page>;
  /**
   * Reads the `n` newest reliable entries of the channels together; with `before`, the newest ones before that
   * position. `more` says whether there are older ones. `next` is the head. `holes` is empty unless `before` is
   * invalid.
   */
  recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page>;
  /**
   * Reads the newest value of each key of the `latest` entries, without expired and withdrawn values, and the ends of
   * the channels that have ended, in the order of `seq`. `next` of a page is the `after` of the next page; on the last
   * page it is the head. `after` null starts with the first page.
   */
  current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page>;
  /** The newest visible position. What this handle appends after the call is behind it. */
  head(): Promise<Cursor>;
  /**
   * Calls `wake` when entries were appended. A call is only a doorbell: calls may be spurious, coalesced or lost, so a
   * reader also polls. A call can happen inside an append, so `wake` has to return quickly. Its errors are ignored.
   *
   * @returns a function that ends this watch
   */
  watch(wake: () => void): () => void;
  /**
   * Stores what is kept of each channel. From then on, `trim()` of every handle goes by these rules, also in processes
   * that have stored others before: the rules that were stored last hold. They drop nothing by themselves.
   *
   * @throws TypeError, RangeError for a rule that is malformed; then the former rules hold
   * @throws Error if the log is closed, or cannot store them
   */
  setRules(rules: KeepRules): Promise<void>;
  /**
   * Applies retention, and withdraws each expired `latest` value once. Many processes may call it at the same time. If
   * the storage has failed over to a copy, it begins a new epoch, so that idle readers hear of a lost suffix.
   * Does nothing on a closed log.
   */
  trim(): Promise<void>;
  /** The head, the size and the retention of the log. */
  stat(): Promise<LogStat>;
  /** Closes the log; it wakes no watcher any more. May be called again. */
  close(): Promise<void>;
}

/** A log that shares the application's database. */
export interface TransactionalLog<Transaction> extends EventLog {
  /**
   * Appends inside the application's own transaction. The entries become visible when it commits, and a rollback
   * publishes nothing. The inserts are handed to the transaction's connection, in order, before the call returns, so no
   * other request can come between them. Await it before you commit: it rejects if an insert has failed.
   *
   * @throws EndedError, ConflictError as {@link EventLog.append} does
   * @throws Error if the log is closed or the entries cannot be written; then none of them is
   */
  appendIn(transaction: Transaction, batch: readonly NewEntry[]): Promise<void>;
}
