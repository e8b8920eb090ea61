import type { ChannelKeep, Keep, KeepRule, KeepRules } from "./event-log.ts";
import { checkBound } from "./keep.ts";

/** A segment of a pattern: any segment, or the characters that a percent-encoded one can have. */
const SEGMENT = /^(?:\*|[\w.~%-]+)$/;

/** The rules of a log in which none are stored: what the handle was told to keep. */
export function rulesOf({ entries, age }: Keep): KeepRules {
  return { channels: [], default: { entries, age } };
}

/**
 * A copy of the rules.
 *
 * @throws TypeError for a pattern that no path can have
 * @throws RangeError for a bound that is not a number from 0 on; `Infinity` is no bound
 */
export function checkRules(given: KeepRules): KeepRules {
  const channels = given.channels.map(({ pattern, ...keep }) => {
    checkPattern(pattern);
    return { pattern, ...checkKeep(pattern, keep) };
  });
  return { channels, default: checkKeep("default", given.default) };
}

function checkPattern(pattern: unknown): void {
  if (typeof pattern === "string" && pattern.split("/").every((segment) => SEGMENT.test(segment))) return;
  throw new TypeError(
    `Expected a pattern of segments like "rooms" or "*", separated by "/", got ${JSON.stringify(pattern)}.`,
  );
}

function checkKeep(name: string, { entries, age }: ChannelKeep): ChannelKeep {
  return { entries: checkBound(`${name}.entries`, entries), age: checkBound(`${name}.age`, age) };
}

/**
 * The regular expression of a pattern. It means the same in JavaScript and in PostgreSQL. A path is percent-encoded, so
 * a `/` inside of a param does not divide it.
 */
export function patternSource(pattern: string): string {
  const segments = pattern.split("/").map((segment) => (segment === "*" ? "[^/]+" : segment.replaceAll(".", "\\.")));
  return `^${segments.join("/")}$`;
}

/** Finds what is kept of a channel. The answer is the rule itself, or the default of the rules. */
export function findKeep(rules: KeepRules): (channel: string) => ChannelKeep {
  const compiled = rules.channels.map((rule) => ({ rule, form: new RegExp(patternSource(rule.pattern)) }));
  return (channel) => compiled.find(({ form }) => form.test(channel))?.rule ?? rules.default;
}

/** The rules as a text. Equal rules have equal texts. JSON has no infinite number, so null stands for it. */
export function formatRules(rules: KeepRules): string {
  const bounds = ({ entries, age }: ChannelKeep) => ({ entries, age });
  const channels = rules.channels.map((rule) => ({ pattern: rule.pattern, ...bounds(rule) }));
  return JSON.stringify({ channels, default: bounds(rules.default) });
}

/** The rules that {@link formatRules} has written. */
export function parseRules(text: string): KeepRules {
  // Safe: the text comes from `formatRules`.
  return JSON.parse(text, (_name, value: unknown) => value ?? Infinity) as {
    readonly channels: readonly KeepRule[];
    readonly default: ChannelKeep;
  };
}
