import {
  isConflict,
  isEnded,
  memoryLog,
  type Appended,
  type EventLog,
  type KeepRules,
  type Limit,
  type LogStat,
  type NewEntry,
  type Page,
} from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import type { Random } from "./random.ts";
import type { Cluster, OnEpochEnd, Store } from "./store.ts";

interface Written {
  readonly entry: NewEntry;
  readonly at: number;
}

interface Epoch {
  readonly epoch: string;
  readonly first: number;
  /** Its last `seq` that survived; Infinity while it runs. */
  readonly end: number;
}

interface StoreOptions {
  readonly kept: number;
  readonly keptBytes: number;
  /** Milliseconds. */
  readonly age: number;
  readonly now: () => number;
  readonly random: Random;
}

/** Takes the place of an entry that no reader can be owed any more. */
const FILLER: NewEntry = { channel: "filler", type: "filler", mode: "volatile", data: "0" };

/**
 * The real memory log with a table of epochs, which a replicated engine has. A failover writes the entries that survive
 * into another memory log, whose epoch begins after them.
 */
export class MemoryStore implements EventLog, Cluster, Store {
  readonly patience = 0;
  readonly cluster = this;
  readonly copies = null;
  readonly #options: StoreOptions;
  readonly #bells = new Set<{ readonly wake: () => void }>();
  /** By `seq - 1`. An entry is missing if it was appended and dropped between two calls of `trim`. */
  #written: Written[] = [];
  #epochs: readonly Epoch[] = [];
  #log!: EventLog;
  #epoch = "";
  /** Null while none were stored. */
  #rules: KeepRules | null = null;
  /** Writes that are under way. */
  #writing = 0;
  /** The last replacement of the log. Replacements happen one after the other. */
  #replacing: Promise<void> = Promise.resolve();

  private constructor(options: StoreOptions) {
    this.#options = options;
  }

  static async open(options: StoreOptions): Promise<MemoryStore> {
    const store = new MemoryStore(options);
    await store.reset(() => {});
    return store;
  }

  open(): EventLog {
    return this;
  }

  connect(): null {
    return null;
  }

  end(): void {}

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const at = this.#options.now();
    // Entries that are appended while a copy is made are in the log that dies.
    const [written, epochs] = [this.#written, this.#epochs];
    return this.#write(async () => {
      const appended = await this.#appendInner(batch, epochs);
      return appended.map(({ cursor, duplicate }, index) => {
        const entry = batch[index];
        if (entry !== undefined && !duplicate) written[cursor.seq - 1] = { entry: withoutCondition(entry), at };
        return { cursor: positionOf(epochs, cursor.seq), duplicate };
      });
    });
  }

  read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    return this.#readPage((log) => log.read(this.#inner(after), channels, limit, signal));
  }

  recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    // `more` is about older entries: whatever there is of them, the page ends at the head.
    return this.#readPage(
      (log) => log.recent(channels, n, before === undefined ? before : this.#inner(before)),
      "head",
    );
  }

  current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    return this.#readPage((log) => log.current(channels, after === null ? null : this.#inner(after), limit));
  }

  async head(): Promise<Cursor> {
    const epochs = this.#epochs;
    return runningIn(epochs, await this.#log.head());
  }

  watch(wake: () => void): () => void {
    const bell = { wake };
    this.#bells.add(bell);
    return () => this.#bells.delete(bell);
  }

  async setRules(rules: KeepRules): Promise<void> {
    this.#rules = rules;
    await this.#log.setRules(rules);
  }

  trim(): Promise<void> {
    return this.#write(async () => {
      const before = await this.#log.head();
      await this.#log.trim();
      const { entries } = await this.#log.read(before, null, { entries: 1e9, bytes: 1e9 });
      for (const { seq, channel, type, mode, key, at, data } of entries) {
        this.#written[seq - 1] ??= { entry: { channel, type, mode, data, ...(key === undefined ? {} : { key }) }, at };
      }
    });
  }

  async stat(): Promise<LogStat> {
    return { ...(await this.#log.stat()), head: await this.head() };
  }

  /** Does nothing: the store outlives the processes. */
  async close(): Promise<void> {}

  failOver(lost: number, onEpochEnd: OnEpochEnd): Promise<void> {
    return (this.#replacing = this.#replacing.then(() => this.#failOver(lost, onEpochEnd)));
  }

  reset(onEpochEnd: OnEpochEnd): Promise<void> {
    return (this.#replacing = this.#replacing.then(() => this.#reset(onEpochEnd)));
  }

  async #failOver(lost: number, onEpochEnd: OnEpochEnd): Promise<void> {
    // Otherwise entries that are being written would be lost without an epoch end.
    while (this.#writing > 0) await Promise.resolve();
    const { seq } = await this.head();
    const end = Math.max(0, seq - lost);
    const survivors = Array.from(this.#written.slice(0, end), (written) => written ?? { entry: FILLER, at: -1e9 });
    const copy = await this.#copyOf(survivors);
    const { epoch } = runningIn(this.#epochs, { epoch: "", seq });
    onEpochEnd({ epoch, seq: end });
    this.#switchTo(
      copy,
      survivors,
      this.#epochs.map((each) => ({ ...each, end: Math.min(each.end, end) })),
    );
  }

  async #reset(onEpochEnd: OnEpochEnd): Promise<void> {
    const copy = await this.#copyOf([]);
    const { epoch } = runningIn(this.#epochs, { epoch: "", seq: 0 });
    onEpochEnd({ epoch, seq: 0 });
    this.#switchTo(copy, [], []);
  }

  async #write<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#writing++;
    try {
      return await work();
    } finally {
      this.#writing--;
    }
  }

  /** Another log with the same entries. It takes turns of promises to make it. No reader sees it yet. */
  async #copyOf(survivors: readonly Written[]): Promise<{ readonly log: EventLog; readonly epoch: string }> {
    const { kept, keptBytes: bytes, age, now, random } = this.#options;
    let then: number | null = null;
    const log = memoryLog({ keep: { entries: kept, bytes, age }, burst: 0, now: () => then ?? now(), random });
    // The memory log goes by them before it returns the promise.
    if (this.#rules !== null) void log.setRules(this.#rules);
    // On a clock that has jumped, a key may have been forgotten and used again. Only its last entry keeps the key.
    const last = new Map(survivors.map(({ entry }, index) => [nameOfKey(entry), index]));
    // The memory log reads the time before it returns the promise.
    const appends = survivors.map(({ entry, at }, index) => {
      then = at;
      const { idempotencyKey: _, ...others } = entry;
      return log.append([last.get(nameOfKey(entry)) === index ? entry : others]);
    });
    then = null;
    await Promise.all(appends);
    const { epoch } = await log.head();
    return { log, epoch };
  }

  /** Happens in one moment: no reader sees a part of it. */
  #switchTo(
    { log, epoch }: { readonly log: EventLog; readonly epoch: string },
    written: Written[],
    former: readonly Epoch[],
  ): void {
    // They may have changed since the copy was begun.
    if (this.#rules !== null) void log.setRules(this.#rules);
    this.#log = log;
    this.#epoch = epoch;
    this.#written = written;
    this.#epochs = [...former, { epoch, first: written.length + 1, end: Infinity }];
    const ringDoorbells = (): void => {
      for (const { wake } of this.#bells) wake();
    };
    log.watch(ringDoorbells);
    ringDoorbells();
  }

  /** Conditions and refusals name positions, too. */
  async #appendInner(batch: readonly NewEntry[], epochs: readonly Epoch[]): Promise<readonly Appended[]> {
    const inner = batch.map((entry) => (entry.expects ? { ...entry, expects: this.#inner(entry.expects) } : entry));
    try {
      return await this.#log.append(inner);
    } catch (error) {
      if (!isConflict(error) && !isEnded(error)) throw error;
      const cursor = error.cursor === null ? null : positionOf(epochs, error.cursor.seq);
      throw Object.assign(error, { cursor });
    }
  }

  /** A position as the current memory log has it, which knows one epoch only. */
  #inner({ epoch, seq }: Cursor): Cursor {
    const found = this.#epochs.find((each) => each.epoch === epoch);
    if (found === undefined) return { epoch, seq };
    return { epoch: this.#epoch, seq: seq <= found.end ? seq : Number.MAX_SAFE_INTEGER };
  }

  /**
   * One read of one log. A failover that happens meanwhile does not change the page.
   * @param next what a page with `more` ends at
   */
  async #readPage(read: (log: EventLog) => Promise<Page>, next: "entry" | "head" = "entry"): Promise<Page> {
    const epochs = this.#epochs;
    const page = await read(this.#log);
    // Before the first failover, the epoch of the memory log is the only one.
    if (epochs.length === 1) return page;
    const entries = page.entries.map((entry) => ({ ...entry, epoch: positionOf(epochs, entry.seq).epoch }));
    const isAtEntry = page.more && next === "entry";
    return { ...page, entries, next: isAtEntry ? positionOf(epochs, page.next.seq) : runningIn(epochs, page.next) };
  }
}

/** An entry as it is when it stands in the log: its condition held. */
function withoutCondition(entry: NewEntry): NewEntry {
  const { expects: _, ...others } = entry;
  return others;
}

const nameOfKey = ({ channel, idempotencyKey }: NewEntry): string => `${channel} ${idempotencyKey}`;

function runningIn(epochs: readonly Epoch[], { seq }: Cursor): Cursor {
  return { epoch: epochs.at(-1)?.epoch ?? "", seq };
}

/** The position of an entry, in the epoch that it was written in. */
function positionOf(epochs: readonly Epoch[], seq: number): Cursor {
  const { epoch } = epochs.findLast(({ first }) => first <= Math.max(seq, 1)) ?? { epoch: "" };
  return { epoch, seq };
}
