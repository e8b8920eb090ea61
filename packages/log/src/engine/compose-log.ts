import type { Cursor } from "@tidings/protocol";
import { checkEntries } from "../check-entries.ts";
import type {
  Appended,
  EventLog,
  Keep,
  KeepRules,
  Limit,
  LogStat,
  NewEntry,
  Page,
  TransactionalLog,
} from "../event-log.ts";
import { checkRules, rulesOf } from "../keep-rules.ts";
import type { Watchers } from "./watchers.ts";
import { wrapLog } from "./wrap-log.ts";

/** What a call returns, at once or later. */
type Answer<Result> = Result | Promise<Result>;

/** Reads the log. Each method sees one state of it. */
interface LogReader {
  read(after: Cursor, channels: readonly string[] | null, limit: Limit): Answer<Page>;
  recent(channels: readonly string[], n: number, before?: Cursor): Answer<Page>;
  current(channels: readonly string[], after: Cursor | null, limit: Limit): Answer<Page>;
  head(): Answer<Cursor>;
  /** The rules are null while none are stored. */
  stat(): Answer<Omit<LogStat, "keep" | "rules"> & { readonly rules: KeepRules | null }>;
}

/** What a log is made of. None of it has to look whether the log is closed. */
export interface LogParts {
  /** What this handle was told to keep. */
  readonly keep: Keep;
  /** Who is woken. The engine wakes them after each append of its own. */
  readonly watchers: Watchers;
  readonly reader: LogReader;
  readonly append: (batch: readonly NewEntry[]) => Promise<readonly Appended[]>;
  /**
   * Begins to listen for the appends of others, and returns what ends that. It is called when somebody watches for the
   * first time: a process that only publishes needs none.
   */
  readonly listen: () => { close(): Answer<void> };
  /** Stores rules that were checked. */
  readonly storeRules: (rules: KeepRules) => Promise<void>;
  /** A pass of retention. It ends early when the signal is aborted, since the log is closed then. */
  readonly trim: (closing: AbortSignal) => Promise<void>;
  /** Finishes the appends that were requested before, and closes the storage. No pass of retention runs any more. */
  readonly close: () => Promise<void>;
}

/**
 * Makes a log of its parts: it refuses malformed entries and, once it is closed, calls. It runs one pass of retention
 * at a time.
 */
export function composeLog(parts: LogParts): EventLog {
  return wrapLog(new ComposedLog(parts), {});
}

/**
 * The same for a log that shares the application's database.
 *
 * @param insert hands the inserts to the transaction before it returns
 */
export function composeTransactionalLog<Transaction>(
  parts: LogParts,
  insert: (transaction: Transaction, batch: readonly NewEntry[]) => Answer<void>,
): TransactionalLog<Transaction> {
  const log = new ComposedLog(parts);
  return {
    ...wrapLog(log, {}),
    async appendIn(transaction, batch) {
      log.refuseClosed();
      checkEntries(batch);
      return insert(transaction, batch);
    },
  };
}

class ComposedLog implements EventLog {
  readonly #parts: LogParts;
  readonly #closing = new AbortController();
  /** Null until somebody watches. */
  #listener: ReturnType<LogParts["listen"]> | null = null;
  /** The pass of retention that runs. */
  #trimming: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  /** @throws Error if the log was closed */
  refuseClosed(): void {
    if (this.#closed === null) return;
    throw new Error("Expected an open log, got one that was closed; read and publish before hub.close().");
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.refuseClosed();
    checkEntries(batch);
    return this.#parts.append(batch);
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    this.refuseClosed();
    const page = await this.#parts.reader.read(after, channels, limit);
    signal?.throwIfAborted();
    return page;
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    this.refuseClosed();
    return this.#parts.reader.recent(channels, n, before);
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    this.refuseClosed();
    return this.#parts.reader.current(channels, after, limit);
  }

  async head(): Promise<Cursor> {
    this.refuseClosed();
    return this.#parts.reader.head();
  }

  watch(wake: () => void): () => void {
    if (this.#closed !== null) return () => {};
    this.#listener ??= this.#parts.listen();
    return this.#parts.watchers.add(wake);
  }

  async setRules(rules: KeepRules): Promise<void> {
    this.refuseClosed();
    await this.#parts.storeRules(checkRules(rules));
  }

  async trim(): Promise<void> {
    if (this.#closed !== null) return;
    this.#trimming ??= this.#parts.trim(this.#closing.signal).finally(() => {
      this.#trimming = null;
    });
    return this.#trimming;
  }

  async stat(): Promise<LogStat> {
    this.refuseClosed();
    const { keep, reader } = this.#parts;
    const { rules, ...counted } = await reader.stat();
    return { ...counted, keep, rules: rules ?? rulesOf(keep) };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#parts.watchers.clear();
    await this.#listener?.close();
    // The caller of `trim` hears of its error.
    await this.#trimming?.catch(() => {});
    await this.#parts.close();
  }
}
