import type { Cursor } from "@tidings/protocol";
import type { Mode } from "@tidings/protocol/mode";

/** How long a volatile entry is owed, in milliseconds. */
export const VOLATILE_AGE = 5_000;

/** How long an idempotency key is known at least, in milliseconds. */
export const IDEMPOTENCY_AGE = 600_000;

/** What a publisher hands over. */
export interface NewEntry {
  /** The path of an address. */
  readonly channel: string;
  readonly type: string;
  readonly mode: Mode;
  /** `latest` only: which value of the channel and type this one replaces. Without NUL and lone surrogates, as is all text here. */
  readonly key?: string;
  /** JSON text; null withdraws the `latest` value of the key. */
  readonly data: string | null;
  /** `latest` only: milliseconds until the value is withdrawn unless it is renewed. */
  readonly expires?: number;
  /** Scoped to the channel: the same key appends once. Known as long as the entry is kept, and for 10 minutes at least. */
  readonly idempotencyKey?: string;
}

/** What the log keeps: an entry stands at its cursor. */
export interface Entry extends Cursor {
  readonly channel: string;
  readonly type: string;
  readonly mode: Mode;
  readonly key?: string;
  /** When it was appended, in milliseconds since 1970 by the log's clock. */
  readonly at: number;
  readonly data: string | null;
}

/** A channel that lost reliable entries or withdrawals after the position asked for. */
export interface Hole {
  readonly channel: string;
  /** `trimmed`: by retention. `reset`, `lost`: the position itself is of another log, or of a suffix that a failover lost. */
  readonly reason: "trimmed" | "reset" | "lost";
  /** The last lost `seq`: a reader that starts there or later misses nothing. */
  readonly to: number;
}

export interface Page {
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** Where to read on; it passes over entries of other channels, too. */
  readonly next: Cursor;
  /** Whether there may be something after `next` already. */
  readonly more: boolean;
  readonly holes: readonly Hole[];
}

/** Bounds a read: entries scanned, and bytes of data returned (one entry is always allowed). */
export interface Limit {
  readonly entries: number;
  readonly bytes: number;
}

export interface Appended {
  readonly cursor: Cursor;
  /** True when the idempotency key was known: `cursor` is that of the first append. */
  readonly duplicate: boolean;
}

/** What retention keeps. A withdrawal is kept like a reliable entry of its channel, and leaves a hole like one: whoever has the value must hear of it. */
export interface Keep {
  /** Reliable entries per channel. */
  readonly entries: number;
  /** Milliseconds. */
  readonly age: number;
  /** Bytes of the whole log, by the engine's own account. The newest values of `latest` do not count, since they outlive retention. */
  readonly bytes: number;
}

export interface LogStat {
  readonly head: Cursor;
  readonly entries: number;
  /** By the engine's own account, the values of `latest` included. */
  readonly bytes: number;
  readonly keep: Keep;
}

/**
 * Append-only storage with one sequence for all channels. A reader holds a cursor and asks for what comes after it.
 *
 * - Append order is visibility order: nobody sees `n + 1` before `n` is visible or known to be dead.
 * - `append` resolves once the entries are as durable as configured.
 * - A cursor is valid iff its epoch is known and its `seq` is not after that epoch's end. Every method that takes a cursor validates
 *   it together with what it does; to an invalid one the answer is a page without entries, the head as `next`, and a `reset` or
 *   `lost` hole for every asked channel. It is never an exception.
 * - Naming a channel twice is naming it once.
 * - A clock that jumps changes only what depends on age: what is younger than 5 s or not expired is within that *distance* of now,
 *   so nothing becomes eternal when the clock goes back.
 */
export interface EventLog {
  /** Appends all or none, in order. A known idempotency key, also of the same batch, appends nothing. Rejects when the log is closed. */
  append(batch: readonly NewEntry[]): Promise<readonly Appended[]>;
  /**
   * What is owed after `after`: reliable entries, `latest` ones that are the newest of their key (values until they expire, and
   * withdrawals), and volatile ones younger than 5 s. `holes` names the asked channels that lost reliable entries or
   * withdrawals after it.
   *
   * `null` reads every channel. As an empty log has no channels to name, a reader of all also compares the epoch of `next`
   * with its own.
   * @throws the reason of `signal` when it was aborted
   */
  read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page>;
  /**
   * The `n` newest reliable entries of the channels together, before a position if one is given. `more`: there are older ones.
   * `next` is the head, and there are no holes but those of an invalid `before`.
   */
  recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page>;
  /**
   * The newest value of each key of the `latest` entries, in `seq` order, without expired and withdrawn ones. `next` of a
   * page is the `after` of the following one; on the last page it is the head.
   */
  current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page>;
  /** The newest visible position. */
  head(): Promise<Cursor>;
  /**
   * A doorbell: calls may be spurious, coalesced or lost, so a reader polls as well. It may be rung inside of an append, so `wake`
   * notes it and returns. What it throws is ignored. Returns what takes it off.
   */
  watch(wake: () => void): () => void;
  /** Applies retention and withdraws expired `latest` values, each once. Safe to call from many processes. */
  trim(): Promise<void>;
  stat(): Promise<LogStat>;
  /** Rings no doorbell any more. May be called again. */
  close(): Promise<void>;
}

/** A log that shares the application's database. */
export interface TransactionalLog<Transaction> extends EventLog {
  /**
   * Appends inside the application's own transaction: the entries get their place when it commits, and a rollback publishes
   * nothing. The inserts have run when the call returns, so that no other request can come between them.
   */
  appendIn(transaction: Transaction, batch: readonly NewEntry[]): Promise<void>;
}
