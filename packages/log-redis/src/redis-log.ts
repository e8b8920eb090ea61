import { checkRules, completeKeep, formatRules, rulesOf } from "@tidings/log";
import type { Appended, EventLog, Keep, KeepRules, Limit, LogStat, NewEntry, Page } from "@tidings/log";
import { newEpoch, type Cursor } from "@tidings/protocol";
import {
  checkMethods,
  checkOptions,
  checkRange,
  CLOCK_METHODS,
  typeNameOf,
  type CheckedType,
} from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import type { Connection } from "./connection.ts";
import { Database, toInteger } from "./database.ts";
import { Doorbell } from "./doorbell.ts";
import { encodeRules } from "./encoded-rules.ts";
import { knownEpochs } from "./epochs.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { redisError } from "./redis-error.ts";
import { APPEND } from "./scripts/append.ts";
import { OPEN } from "./scripts/read.ts";
import type { Script } from "./scripts/script.ts";
import { SET_RULES, TRIM } from "./scripts/trim.ts";
import { checkServer } from "./server-check.ts";

/** Options of {@link redisLog}. */
export interface RedisLogOptions {
  /** All keys begin with it: another name is another log. 1 to 60 characters `A-Za-z0-9_.:-`. @default "tidings" */
  readonly name?: string;
  /**
   * What retention keeps.
   *
   * @default { entries: 10_000, age: 604_800_000, bytes: 268_435_456, emptyChannels: 100_000 }
   */
  readonly keep?: Partial<Keep>;
  /** How many replicas have to confirm an append, 0 to 100. It makes a loss at a failover less likely. @default 0 */
  readonly replicas?: number;
  /**
   * The milliseconds that the log waits for a connection, and for an answer, 1 to 600,000. Then the call rejects.
   * @default 4_000
   */
  readonly patience?: number;
  /** Milliseconds since 1970; the time of entries and of retention. @default the clock of the server */
  readonly now?: () => number;
  /** Times the turns of group commit, the answers and the doorbell. @default systemClock */
  readonly clock?: Clock;
  /** Uniform in [0, 1); names the epochs. @default Math.random */
  readonly random?: () => number;
  /** Gets a sentence about what the log cannot do with this server. @default process.emitWarning */
  readonly onWarning?: (warning: string) => void;
}

/** The scripts that change the log. */
export interface WritingScripts {
  readonly append: Script;
  readonly trim: Script;
}

/** How much one step of retention does. It takes some milliseconds, in which the server does nothing else. */
const STEP = 2_000;

/**
 * Opens a log in Redis 7 or newer. Any number of servers may share it.
 *
 * @param connection a URL, or settings
 * @throws TypeError if `name` is no name of a log, for an unknown option, and for one of another type
 * @throws RangeError for a bound of `keep` that is not a number from 0 on
 * @throws Error if the server cannot be reached, or does not allow it
 * @example
 * const hub = createHub(chat, { log: await redisLog("redis://…"), … });
 */
export async function redisLog(connection: Connection, options: RedisLogOptions = {}): Promise<EventLog> {
  return openRedisLog(connection, options, { append: APPEND, trim: TRIM });
}

/** {@link redisLog}, with other scripts. */
export async function openRedisLog(
  connection: Connection,
  options: RedisLogOptions,
  scripts: WritingScripts,
): Promise<EventLog> {
  // Plain JavaScript may pass anything.
  const type = typeNameOf(connection);
  if (type !== "string" && type !== "object") {
    throw new TypeError(`Expected the connection of redisLog to be a URL or settings, got ${type}.`);
  }
  checkOptions("the options of redisLog", options, OPTION_TYPES);
  const { name = "tidings", replicas = 0, patience = 4_000, clock = systemClock, random = Math.random } = options;
  const { onWarning = warn } = options;
  const keep = completeKeep(options.keep, DEFAULT_KEEP);
  checkMethods("clock", clock, CLOCK_METHODS);
  checkRange("replicas", replicas, 0, 100);
  checkRange("patience", patience, 1, 600_000);
  const database = new Database(connection, name, { clock, patience });
  try {
    const server = await database.write(OPEN, [newEpoch(random)]);
    const warnings = await checkServer(database);
    if (String(server).trim() === "") {
      warnings.push("the server does not say who it is (INFO server), so a failover that loses events is not noticed");
    }
    for (const warning of warnings) onWarning(warning);
  } catch (cause) {
    await database.close();
    throw redisError("open", cause);
  }
  return new RedisLog(database, { ...options, keep, patience, replicas, clock, random, onWarning, scripts });
}

const DEFAULT_KEEP: Keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 256 * 1024 ** 2, emptyChannels: 100_000 };

/** The type of each option. */
const OPTION_TYPES = {
  name: "string",
  keep: "object",
  replicas: "number",
  patience: "number",
  now: "function",
  clock: "object",
  random: "function",
  onWarning: "function",
} as const satisfies Record<keyof RedisLogOptions, CheckedType>;

function warn(warning: string): void {
  process.emitWarning(warning, "TidingsWarning");
}

interface CompleteOptions extends Required<Omit<RedisLogOptions, "name" | "keep" | "now">> {
  readonly keep: Keep;
  readonly now?: () => number;
  readonly scripts: WritingScripts;
}

class RedisLog implements EventLog {
  readonly #database: Database;
  readonly #options: CompleteOptions;
  readonly #reader: LogReader;
  readonly #writer: LogWriter;
  readonly #watchers = new Set<() => void>();
  /** Null until somebody watches: a process that only publishes needs none. */
  #doorbell: Doorbell | null = null;
  /** The pass of retention that runs. */
  #trimming: Promise<void> | null = null;
  /** What this process has told last to keep. It holds while the log has no rules, as after it has vanished. */
  #rules: KeepRules;
  #closing: Promise<void> | null = null;

  constructor(database: Database, options: CompleteOptions) {
    const { clock, patience, replicas, scripts } = options;
    this.#database = database;
    this.#options = options;
    this.#rules = rulesOf(options.keep);
    const epochs = knownEpochs(database);
    const common = { now: () => this.#now(), newEpoch: () => this.#newEpoch() };
    const onAppend = () => this.#wakeWatchers();
    this.#reader = new LogReader(database, epochs, common);
    const script = scripts.append;
    this.#writer = new LogWriter(database, { ...common, script, clock, patience, replicas, onAppend });
  }

  async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    this.#refuseClosed();
    return this.#writer.append(batch);
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit, signal?: AbortSignal): Promise<Page> {
    signal?.throwIfAborted();
    this.#refuseClosed();
    const page = await this.#reader.read(after, channels, limit);
    signal?.throwIfAborted();
    return page;
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    this.#refuseClosed();
    return this.#reader.recent(channels, n, before);
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    this.#refuseClosed();
    return this.#reader.current(channels, after, limit);
  }

  async head(): Promise<Cursor> {
    this.#refuseClosed();
    return this.#reader.head();
  }

  watch(wake: () => void): () => void {
    if (this.#closing !== null) return () => {};
    // Each call needs a function of its own: the same `wake` may watch twice, and one of the two watches may end.
    const watcher = () => wake();
    this.#watchers.add(watcher);
    const { clock, onWarning } = this.#options;
    this.#doorbell ??= new Doorbell(this.#database, { clock, ring: () => this.#wakeWatchers(), warn: onWarning });
    return () => this.#watchers.delete(watcher);
  }

  async setRules(given: KeepRules): Promise<void> {
    this.#refuseClosed();
    const rules = checkRules(given);
    try {
      await this.#database.write(SET_RULES, [formatRules(rules), encodeRules(rules)]);
    } catch (cause) {
      throw redisError("store rules in", cause);
    }
    this.#rules = rules;
  }

  async trim(): Promise<void> {
    if (this.#closing !== null) return;
    this.#trimming ??= this.#runPass().finally(() => {
      this.#trimming = null;
    });
    return this.#trimming;
  }

  async #runPass(): Promise<void> {
    const { keep, scripts } = this.#options;
    const bounds = [STEP, toInteger(keep.bytes), toInteger(keep.emptyChannels)];
    for (let more = true; more && this.#closing === null;) {
      const values = [encodeRules(this.#rules), this.#now(), this.#newEpoch(), ...bounds];
      try {
        more = (await this.#database.write(scripts.trim, values)) === 1;
      } catch (cause) {
        throw redisError("trim", cause);
      }
    }
  }

  async stat(): Promise<LogStat> {
    this.#refuseClosed();
    const { rules, ...counted } = await this.#reader.stat();
    return { ...counted, keep: this.#options.keep, rules: rules ?? this.#rules };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watchers.clear();
    this.#doorbell?.close();
    await this.#writer.finish();
    await this.#trimming?.catch(() => {});
    await this.#database.close();
  }

  #refuseClosed(): void {
    if (this.#closing === null) return;
    throw new Error("Expected an open log, got one that was closed; read and publish before hub.close().");
  }

  /** Milliseconds since 1970; empty for the clock of the server. */
  #now(): number | "" {
    const { now } = this.#options;
    return now === undefined ? "" : Math.floor(now());
  }

  #newEpoch(): string {
    return newEpoch(this.#options.random);
  }

  #wakeWatchers(): void {
    for (const wake of this.#watchers) {
      try {
        wake();
      } catch {
        // `watch` ignores the errors of its watchers.
      }
    }
  }
}
