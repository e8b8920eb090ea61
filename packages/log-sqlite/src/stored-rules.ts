import { findKeep, formatRules, parseRules, type ChannelKeep, type KeepRules } from "@tidings/log";
import type { LogFile } from "./log-file.ts";

const READ = "select value from tidings_meta where name = 'rules'";
const STORE = "insert or replace into tidings_meta values ('rules', ?)";

function readText(file: LogFile): string | null {
  const value = file.prepare(READ).get()?.["value"];
  return typeof value === "string" ? value : null;
}

/** The rules in the file; null while none were stored. */
export function readRules(file: LogFile): KeepRules | null {
  const text = readText(file);
  return text === null ? null : parseRules(text);
}

/** Whether the file has just these rules. */
export function hasRules(file: LogFile, rules: KeepRules): boolean {
  return readText(file) === formatRules(rules);
}

/** Runs inside a transaction, so the rules that are stored last are those that hold. */
export function storeRules(file: LogFile, rules: KeepRules): void {
  file.prepare(STORE).run(formatRules(rules));
}

/** The rules in force, as one handle has read them last. */
export class StoredRules {
  readonly #file: LogFile;
  #text: string | null = null;
  #keepOf: (channel: string) => ChannelKeep;

  /** @param given the rules as long as none are stored */
  constructor(file: LogFile, given: KeepRules) {
    this.#file = file;
    this.#keepOf = findKeep(given);
  }

  /** Reads the rules again. Call it inside the transaction that goes by them. Returns whether they have changed. */
  refresh(): boolean {
    const text = readText(this.#file);
    if (text === null || text === this.#text) return false;
    this.#text = text;
    this.#keepOf = findKeep(parseRules(text));
    return true;
  }

  keepOf(channel: string): ChannelKeep {
    return this.#keepOf(channel);
  }
}
