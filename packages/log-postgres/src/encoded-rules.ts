import { formatRules, patternSource, type ChannelKeep, type KeepRules } from "@tidings/log";
import { toInteger } from "@tidings/log/engine";

/** The rules as they are stored: their text, and a list of JSON whose last item fits every channel. */
export function encodeRules(rules: KeepRules): [text: string, list: string] {
  const item = (fits: string, { entries, age }: ChannelKeep) => ({
    fits,
    entries: toInteger(entries),
    age: toInteger(age),
  });
  const list = [...rules.channels.map((rule) => item(patternSource(rule.pattern), rule)), item("^", rules.default)];
  return [formatRules(rules), JSON.stringify(list)];
}
