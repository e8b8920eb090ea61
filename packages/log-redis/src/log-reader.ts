import { parseRules, type KeepRules, type Entry, type Hole, type Limit, type LogStat, type Page } from "@tidings/log";
import { entryAt, refusedPage, type KnownEpochs, toInteger } from "@tidings/log/engine";
import type { Cursor } from "@tidings/protocol";
import type { Mode } from "@tidings/protocol/mode";
import { type Database } from "./database.ts";
import type { Value } from "./link.ts";
import { isLostConnection, redisError } from "./redis-error.ts";
import { READ, RECENT, STAT } from "./scripts/read.ts";
import type { Script } from "./scripts/script.ts";

const MODES: Readonly<Record<string, Mode>> = { r: "reliable", v: "latest", w: "latest", h: "volatile" };
const EVERY_KIND = "rvwh";
const VALUES_AND_ENDS = "ve";

/** What the scripts answer. `places` has names and positions in turn, `rows` positions and texts. */
type Found = readonly [
  epoch: string,
  head: number,
  reason: "reset" | "lost" | "",
  places: readonly (string | number)[],
  more: number,
  next: number,
  rows: readonly (string | number)[],
];

type Stat = readonly [epoch: string, head: number, entries: number, bytes: number, rules: string | null];

/** Options of {@link LogReader}. */
export interface LogReaderOptions {
  /** Milliseconds since 1970; empty for the clock of the server. */
  readonly now: () => number | "";
  /** Names the first epoch of a log that was emptied meanwhile. */
  readonly newEpoch: () => string;
}

/** Reads the log. Each method is one script, so it sees one state of the log. */
export class LogReader {
  readonly #database: Database;
  readonly #epochs: KnownEpochs;
  readonly #options: LogReaderOptions;

  constructor(database: Database, epochs: KnownEpochs, options: LogReaderOptions) {
    this.#database = database;
    this.#epochs = epochs;
    this.#options = options;
  }

  async read(after: Cursor, channels: readonly string[] | null, limit: Limit): Promise<Page> {
    return this.#find(READ, after, channels, [EVERY_KIND, ...this.#bounds(limit)]);
  }

  async recent(channels: readonly string[], n: number, before?: Cursor): Promise<Page> {
    const page = await this.#find(RECENT, before ?? null, channels, [toInteger(n)]);
    return { ...page, entries: page.entries.toReversed() };
  }

  async current(channels: readonly string[], after: Cursor | null, limit: Limit): Promise<Page> {
    const page = await this.#find(READ, after, channels, [VALUES_AND_ENDS, ...this.#bounds(limit)]);
    // A trimmed entry is no loss for a reader of values.
    return { ...page, holes: page.holes.filter(({ reason }) => reason !== "trimmed") };
  }

  async head(): Promise<Cursor> {
    const [epoch, head] = await this.#stat();
    return { epoch, seq: head };
  }

  /** The rules are null while none are stored. */
  async stat(): Promise<Omit<LogStat, "keep" | "rules"> & { readonly rules: KeepRules | null }> {
    const [epoch, head, entries, bytes, text] = await this.#stat();
    return { head: { epoch, seq: head }, entries, bytes, rules: text === null ? null : parseRules(text) };
  }

  async #stat(): Promise<Stat> {
    // The script answers in this way.
    return (await this.#run(STAT, [this.#options.newEpoch()])) as Stat;
  }

  #bounds(limit: Limit): Value[] {
    return [toInteger(limit.entries), toInteger(limit.bytes), this.#options.now()];
  }

  /** Validates a position and finds entries, in one script. */
  async #find(
    script: Script,
    position: Cursor | null,
    channels: readonly string[] | null,
    values: readonly Value[],
  ): Promise<Page> {
    const named = channels === null ? null : [...new Set(channels)];
    const [epoch, head, reason, places, more, next, rows] = (await this.#run(script, [
      this.#options.newEpoch(),
      position?.epoch ?? "",
      position?.seq ?? 0,
      named === null ? "" : JSON.stringify(named),
      ...values,
    ])) as Found; // The scripts answer in this way.
    if (reason !== "") return refusedPage({ epoch, seq: head }, reason, named ?? places.map(String));
    await this.#epochs.know(epoch).catch(refuseRead);
    return {
      entries: inPairs(rows).map(([seq, text]) => this.#entry(Number(seq), String(text))),
      next: more === 1 ? this.#epochs.cursorAt(next) : { epoch, seq: head },
      more: more === 1,
      holes: inPairs(places).map(trimmedHole),
    };
  }

  /** An entry as the scripts have stored it: a line, a line of JSON, and the data. */
  #entry(position: number, text: string): Entry {
    const firstEnd = text.indexOf("\n");
    const secondEnd = text.indexOf("\n", firstEnd + 1);
    const kind = text.charAt(0);
    const at = parseInt(text.slice(2), 10);
    // The writer has encoded it.
    const [channel, type, key] = JSON.parse(text.slice(firstEnd + 1, secondEnd)) as [string, string, string];
    const mode = MODES[kind] ?? "reliable";
    const data = kind === "w" ? null : text.slice(secondEnd + 1);
    return entryAt(this.#epochs.cursorAt(position), { channel, type, mode, key, at, data });
  }

  async #run(script: Script, values: readonly Value[]): Promise<unknown> {
    try {
      return await this.#database.read(script, values);
    } catch (cause) {
      // A read may be repeated: on a new connection, since the old one is lost.
      if (!isLostConnection(cause)) refuseRead(cause);
    }
    return this.#database.read(script, values).catch(refuseRead);
  }
}

function refuseRead(cause: unknown): never {
  throw redisError("read", cause);
}

function inPairs<Item>(list: readonly Item[]): [Item | undefined, Item | undefined][] {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index], list[2 * index + 1]]);
}

function trimmedHole([channel, to]: readonly [unknown, unknown]): Hole {
  return { channel: String(channel), reason: "trimmed", to: Number(to) };
}
