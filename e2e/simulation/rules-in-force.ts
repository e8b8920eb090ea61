import type { ChannelKeep, KeepRules } from "@tidings/log";
import type { Tick } from "./fact.ts";

/** The patterns of the contract's channels, by how their paths begin. */
const PATTERNS = { rooms: "rooms/*", feeds: "feeds/*", users: "users/*/inbox" } as const;

/** What is kept of a path. */
export type KeptOf = (path: string) => ChannelKeep;

interface Stored {
  readonly rules: KeepRules;
  readonly begun: Tick;
  /** Infinity until the log has confirmed it. */
  confirmed: Tick;
}

/** What rules keep of a path; of a path that no channel has, the least that they keep of any. */
function keptBy({ channels, default: others }: KeepRules, path: string): ChannelKeep {
  const [start = ""] = path.split("/");
  if (!isKnown(start)) return strictest([...channels, others]);
  return channels.find(({ pattern }) => pattern === PATTERNS[start]) ?? others;
}

const isKnown = (start: string): start is keyof typeof PATTERNS => Object.hasOwn(PATTERNS, start);

const strictest = (keeps: readonly ChannelKeep[]): ChannelKeep => ({
  entries: Math.min(...keeps.map(({ entries }) => entries)),
  age: Math.min(...keeps.map(({ age }) => age)),
});

/**
 * The rules of retention that may be in force. While rules are being stored, and when the answer of the log is lost,
 * the former ones may be, too.
 */
export class RulesInForce {
  #stored: Stored[];

  /** @param told what the log was told to keep, as long as no rules are stored */
  constructor(told: ChannelKeep) {
    this.#stored = [{ rules: { channels: [], default: told }, begun: 0, confirmed: 0 }];
  }

  /** The log is given rules. Returns what is to be called when it has confirmed them. */
  store(rules: KeepRules, begun: Tick): (confirmed: Tick) => void {
    const stored = { rules, begun, confirmed: Infinity };
    this.#stored.push(stored);
    return (confirmed) => {
      stored.confirmed = confirmed;
      this.#stored = this.#stored.filter((each) => each.confirmed >= stored.begun);
    };
  }

  /** The least that is kept of a path by the rules that may be in force at this moment. */
  now(): KeptOf {
    const all = this.#stored.map(({ rules }) => rules);
    const found = new Map<string, ChannelKeep>();
    return (path) => {
      // It is asked for each event of a path.
      const kept = found.get(path) ?? strictest(all.map((rules) => keptBy(rules, path)));
      found.set(path, kept);
      return kept;
    };
  }
}
