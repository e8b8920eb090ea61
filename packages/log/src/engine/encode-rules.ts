import type { ChannelKeep, KeepRules } from "../event-log.ts";
import { toInteger } from "./to-integer.ts";

/**
 * The rules as a storage reads them: a list of JSON in which the first item that fits a channel holds. The last one
 * fits every channel.
 *
 * @param formOf the form of path of a pattern, as an expression that the storage understands
 */
export function encodeRules(rules: KeepRules, formOf: (pattern: string) => string): string {
  const item = (fits: string, { entries, age }: ChannelKeep) => ({
    fits,
    entries: toInteger(entries),
    age: toInteger(age),
  });
  return JSON.stringify([...rules.channels.map((rule) => item(formOf(rule.pattern), rule)), item("^", rules.default)]);
}
