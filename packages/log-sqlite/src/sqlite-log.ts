import { existsSync } from "node:fs";
import { completeKeep, type Keep, type TransactionalLog } from "@tidings/log";
import { composeTransactionalLog, sleep, Watchers } from "@tidings/log/engine";
import { newEpoch, type Cursor } from "@tidings/protocol";
import {
  checkMethods,
  checkOptions,
  checkRange,
  checkType,
  CLOCK_METHODS,
  type CheckedType,
} from "@tidings/protocol/checks";
import { systemClock, type Clock } from "@tidings/protocol/clock";
import { readBoot } from "./boot.ts";
import type { SqliteTransaction } from "./driver.ts";
import { continueEpoch, noteClose, type Use } from "./last-use.ts";
import { FilePoll } from "./file-poll.ts";
import { openLogFile, type LogFile } from "./log-file.ts";
import { LogReader } from "./log-reader.ts";
import { Retention } from "./retention.ts";
import { beginEpoch, prepareSchema, readEpoch, readHead, readVersion, refuseNewer } from "./schema.ts";
import { ShownHead } from "./shown-head.ts";
import { sqliteError } from "./sqlite-error.ts";
import { hasRules, storeRules } from "./stored-rules.ts";
import { TransactionInsert } from "./transaction-insert.ts";
import { LogWriter } from "./log-writer.ts";

/** Options of {@link sqliteLog}. */
export interface SqliteLogOptions {
  /**
   * What retention keeps.
   *
   * @default { entries: 10_000, age: 604_800_000, bytes: 1_073_741_824, emptyChannels: 100_000 }
   */
  readonly keep?: Partial<Keep>;
  /**
   * `normal`: acknowledged entries survive the death of the process. After a crash of the machine the last ones may be
   * lost; then readers that have seen them get a gap. `full`: they also survive the crash; every commit then costs a
   * sync. @default "normal"
   */
  readonly synchronous?: "normal" | "full";
  /**
   * The milliseconds that an append waits while another handle has a write transaction open. Then it rejects.
   * @default 4_000
   */
  readonly patience?: number;
  /** Milliseconds since 1970; the time of entries and of retention. @default Date.now */
  readonly now?: () => number;
  /** Uniform in [0, 1); it names the epoch. @default Math.random */
  readonly random?: () => number;
  /**
   * Times every wait: for other writers, between two polls of the file, and between two steps of retention.
   * @default systemClock
   */
  readonly clock?: Clock;
  /**
   * Identifies the running boot of the machine: after another boot, the log begins a new epoch unless it was closed
   * before. @default the boot id of Linux; elsewhere the time of the boot
   */
  readonly boot?: string;
}

/** The shortest pause between two steps of retention, in milliseconds. It is longer than the retry of other writers. */
const MIN_PAUSE = 5;

/**
 * A durable log in one SQLite file. The file may be the application's: the log's tables begin with `tidings_`. Several
 * processes of one machine may share it.
 *
 * @throws TypeError for a path that is no string, for an unknown option, and for one of another type
 * @throws Error if there is no driver, if the file is not a database, or if a newer version of this package wrote it
 * @example
 * const hub = createHub(chat, { log: sqliteLog("chat.db"), … });
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): TransactionalLog<SqliteTransaction> {
  checkPath(path);
  checkOptions("the options of sqliteLog", options, OPTION_TYPES);
  const { synchronous = "normal", patience = 0, clock = systemClock } = options;
  if (synchronous !== "normal" && synchronous !== "full") {
    throw new TypeError(`Expected "synchronous" to be "normal" or "full", got "${String(synchronous)}".`);
  }
  checkRange("patience", patience, 0, Infinity);
  checkMethods("clock", clock, CLOCK_METHODS);
  return composeSqliteLog(path, options);
}

/** The type of each option. `keep` is checked where its defaults are. */
const OPTION_TYPES = {
  keep: "object",
  synchronous: "string",
  patience: "number",
  now: "function",
  random: "function",
  clock: "object",
  boot: "string",
} as const satisfies Record<keyof SqliteLogOptions, CheckedType>;

/** Plain JavaScript may leave the path out. @throws TypeError */
function checkPath(path: unknown): void {
  checkType("path", path ?? null, "string");
}

/**
 * Begins a new epoch. Run it once after you have restored an older copy of the file, before the server starts. Clients
 * that have seen events which the copy lacks then get a gap. Otherwise they would wait for positions that the log gives
 * to other events.
 *
 * @param options.random as for {@link sqliteLog}
 * @throws TypeError for a path that is no string, and for an unknown option
 * @throws Error if there is no log in the file, or if another handle is writing it
 */
export function startEpoch(path: string, options: Pick<SqliteLogOptions, "random"> = {}): void {
  checkPath(path);
  checkOptions("the options of startEpoch", options, { random: "function" });
  const { random = Math.random } = options;
  if (!existsSync(path)) throw sqliteError("find", path, new Error("there is no such file; check the path"));
  const file = openLogFile(path, {
    synchronous: "full",
    check(opened) {
      refuseNewer(opened);
      if (readVersion(opened) === 0) throw new Error("expected a file with a log, got one without; check the path");
    },
    prepare(opened) {
      prepareSchema(opened, newEpoch(random));
      opened.transact("begin immediate", () => {
        beginEpoch(opened, newEpoch(random), readHead(opened));
        noteClose(opened);
      });
    },
  });
  // What was shown before the copy was restored is known to be lost.
  const shownHead = new ShownHead(file.database);
  shownHead.note({ epoch: readEpoch(file), seq: readHead(file) });
  shownHead.close();
  // libsql closes the handle only when the garbage collector runs.
  file.prepare("pragma wal_checkpoint(truncate)").get();
  file.close();
}

const DEFAULT_KEEP: Keep = { entries: 10_000, age: 7 * 86_400_000, bytes: 1024 ** 3, emptyChannels: 100_000 };

function composeSqliteLog(path: string, options: SqliteLogOptions): TransactionalLog<SqliteTransaction> {
  const { synchronous = "normal", patience = 4_000, now = Date.now, random = Math.random } = options;
  const { clock = systemClock, boot = readBoot() } = options;
  const keep = completeKeep(options.keep, DEFAULT_KEEP);
  const watchers = new Watchers();
  const use = (): Use => ({ boot, epoch: newEpoch(random) });
  const { writing, reading, epoch } = openHandles(path, { synchronous, boot, random });
  const shownHead = new ShownHead(writing.database);
  const onCommit = (last: Cursor | null) => {
    if (last !== null) shownHead.note(last);
    watchers.wake();
  };
  const writer = new LogWriter(writing, { now, clock, use, patience, onCommit });
  const reader = new LogReader(reading, {
    now,
    readNewest: (after, limit) => writer.readNewest(after, limit),
    onHead: (head) => shownHead.note(head),
  });
  const retention = new Retention(writing, keep);
  const insert = new TransactionInsert(writing, { epoch, now, use });
  const restart = (error: unknown): never => {
    retention.restart();
    throw error;
  };
  return composeTransactionalLog<SqliteTransaction>(
    {
      keep,
      watchers,
      reader,
      append: (batch) => writer.append(batch),
      listen: () => new FilePoll({ clock, wake: () => watchers.wake(), readVersion: () => writer.dataVersion() }),
      async storeRules(rules) {
        // A process that starts with the rules in force writes nothing.
        if (writer.read((file) => hasRules(file, rules))) return;
        await writer.transact((file) => storeRules(file, rules));
      },
      async trim(closing) {
        retention.begin(now());
        for (let more = true; more && !closing.aborted;) {
          const start = clock.monotonic();
          more = await writer.transact(() => retention.step()).catch(restart);
          // Pause at least as long as the step took, so that other processes can write, too.
          if (more) await sleep(clock, Math.max(MIN_PAUSE, clock.monotonic() - start), closing);
        }
      },
      async close() {
        reader.close();
        await writer.close().finally(() => shownHead.close());
      },
    },
    (transaction, batch) => {
      checkMethods("transaction", transaction, ["prepare"]);
      insert.run(transaction, batch);
    },
  );
}

interface HandleOptions {
  readonly synchronous: "normal" | "full";
  /** Identifies the running boot of the machine. */
  readonly boot: string;
  readonly random: () => number;
}

/**
 * Opens the log's own handles on its file, and continues its epoch if nothing of it is lost.
 *
 * @returns the handles, and the name of the running epoch
 */
function openHandles(
  path: string,
  { synchronous, boot, random }: HandleOptions,
): { readonly writing: LogFile; readonly reading: LogFile; readonly epoch: string } {
  const writing = openLogFile(path, {
    synchronous,
    check: refuseNewer,
    prepare(file, hasWal) {
      const isCreated = prepareSchema(file, newEpoch(random));
      // A log that was created just now has lost nothing, although another process may have written to it meanwhile.
      continueEpoch(file, { boot, hasWal: hasWal || isCreated, epoch: newEpoch(random) });
    },
  });
  try {
    return { writing, epoch: readEpoch(writing), reading: openLogFile(path, { synchronous, check: refuseNewer }) };
  } catch (error) {
    writing.close();
    throw error;
  }
}
