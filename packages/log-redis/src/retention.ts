import { formatRules, rulesOf, type Keep, type KeepRules } from "@tidings/log";
import { encodeRules, toInteger } from "@tidings/log/engine";
import type { Database } from "./database.ts";
import { luaPattern } from "./lua-pattern.ts";
import { redisError } from "./redis-error.ts";
import type { Script } from "./scripts/script.ts";
import { SET_RULES } from "./scripts/trim.ts";

/** How much one step of retention does. It takes some milliseconds, in which the server does nothing else. */
const STEP = 2_000;

/** Options of {@link Retention}. */
export interface RetentionOptions {
  readonly keep: Keep;
  /** The script of one step. */
  readonly script: Script;
  /** Milliseconds since 1970; empty for the clock of the server. */
  readonly now: () => number | "";
  /** Names an epoch. */
  readonly newEpoch: () => string;
}

/** What drops entries, in steps that are one script each. */
export class Retention {
  readonly #database: Database;
  readonly #options: RetentionOptions;
  /** What this process has told last to keep. It holds while the log has no rules, as after it has vanished. */
  rules: KeepRules;

  constructor(database: Database, options: RetentionOptions) {
    this.#database = database;
    this.#options = options;
    this.rules = rulesOf(options.keep);
  }

  async storeRules(rules: KeepRules): Promise<void> {
    try {
      await this.#database.write(SET_RULES, [formatRules(rules), encodeRules(rules, luaPattern)]);
    } catch (cause) {
      throw redisError("store rules in", cause);
    }
    this.rules = rules;
  }

  /** Runs until there is nothing more to drop, or the log is closed. */
  async runPass(closing: AbortSignal): Promise<void> {
    const { keep, script, now, newEpoch } = this.#options;
    const bounds = [STEP, toInteger(keep.bytes), toInteger(keep.emptyChannels)];
    for (let more = true; more && !closing.aborted;) {
      try {
        const values = [encodeRules(this.rules, luaPattern), now(), newEpoch(), ...bounds];
        more = (await this.#database.write(script, values)) === 1;
      } catch (cause) {
        throw redisError("trim", cause);
      }
    }
  }
}
