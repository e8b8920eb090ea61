import type { ChannelKeep, KeepRules } from "@tidings/log";
import { toInteger } from "@tidings/log/engine";

/** The rules as the script of retention reads them: a list of JSON whose last item fits every channel. */
export function encodeRules(rules: KeepRules): string {
  const item = (fits: string, { entries, age }: ChannelKeep) => ({
    fits,
    entries: toInteger(entries),
    age: toInteger(age),
  });
  return JSON.stringify([...rules.channels.map((rule) => item(formOf(rule.pattern), rule)), item("^", rules.default)]);
}

/** The pattern of Lua that has the same meaning. */
function formOf(pattern: string): string {
  const segments = pattern.split("/").map((segment) => (segment === "*" ? "[^/]+" : segment.replace(/\W/g, "%$&")));
  return `^${segments.join("/")}$`;
}
