import { completeKeep, type EventLog, type Keep } from "@tidings/log";
import { composeLog, PendingHeads, Watchers } from "@tidings/log/engine";
import { newEpoch } from "@tidings/protocol";
import { checkMethods, checkOptions, checkRange, CLOCK_METHODS, type CheckedType } from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { checkConnection, type Connection } from "./connection.ts";
import { Database } from "./database.ts";
import { createDoorbell } from "./doorbell.ts";
import { knownEpochs } from "./epochs.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter } from "./log-writer.ts";
import { redisError } from "./redis-error.ts";
import { Retention } from "./retention.ts";
import { APPEND } from "./scripts/append.ts";
import { OPEN } from "./scripts/read.ts";
import type { Script } from "./scripts/script.ts";
import { TRIM } from "./scripts/trim.ts";
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

/**
 * Opens a log in Redis 7 or newer. Any number of servers may share it.
 *
 * @param connection a URL, or settings
 * @throws TypeError if `name` is no name of a log, for an unknown option, setting or parameter of the URL, and for one
 *   of another type
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
  checkConnection(connection);
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
    database.close();
    throw redisError("open", cause);
  }
  return composeRedisLog(database, { ...options, keep, patience, replicas, clock, random, onWarning, scripts });
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

function composeRedisLog(database: Database, options: CompleteOptions): EventLog {
  const { keep, clock, random, patience, replicas, scripts, onWarning } = options;
  const watchers = new Watchers();
  const common = {
    /** Milliseconds since 1970; empty for the clock of the server. */
    now: (): number | "" => (options.now === undefined ? "" : Math.floor(options.now())),
    newEpoch: () => newEpoch(random),
  };
  const heads = new PendingHeads(clock);
  const reader = new LogReader(database, knownEpochs(database), common);
  const onAppend = () => watchers.wake();
  const script = scripts.append;
  const writer = new LogWriter(database, { ...common, script, clock, patience, replicas, heads, onAppend });
  const retention = new Retention(database, { ...common, keep, script: scripts.trim });
  return composeLog({
    keep,
    watchers,
    reader: {
      read: (...asked) => reader.read(...asked),
      recent: (...asked) => reader.recent(...asked),
      current: (...asked) => reader.current(...asked),
      head: () => heads.note(reader.head()),
      async stat() {
        const { rules, ...counted } = await reader.stat();
        return { ...counted, rules: rules ?? retention.rules };
      },
    },
    append: (batch) => writer.append(batch),
    listen: () => createDoorbell(database, { clock, wake: () => watchers.wake(), warn: onWarning }),
    storeRules: (rules) => retention.storeRules(rules),
    trim: (closing) => retention.runPass(closing),
    async close() {
      await writer.finish();
      database.close();
    },
  });
}
