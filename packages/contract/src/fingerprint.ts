import { END_TYPE } from "@tidings/protocol/mode";
import type { Contract } from "./contract.ts";
import type { Schema } from "./event.ts";

/**
 * A short hash of what a contract puts on the wire: patterns, event types, modes, and the schemas of events, snapshots
 * and ends. 8 hex digits; the order of keys does not matter. It distinguishes versions, but it is no proof that two
 * contracts are equal: functions, such as checks, codecs and keys, are not part of it.
 */
export function fingerprint(contract: Contract): string {
  const channels = Object.values(contract).map(({ pattern, events, snapshot, end }) => {
    const modes = Object.entries(events).map(([type, { mode, schema }]) => `${type}=${mode} ${textOf(schema)}`);
    const ends = end ? [`${END_TYPE}=reliable ${textOf(end)}`] : [];
    // Patterns and types have no spaces and no line breaks.
    return [pattern.text, snapshot ? textOf(snapshot) : "-", ...modes.sort(), ...ends].join("\n");
  });
  // FNV-1a, 32 bits, of UTF-16 units: http://www.isthe.com/chongo/tech/comp/fnv/
  let hash = 0x811c9dc5;
  for (const char of channels.sort().join("\n\n")) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * What a schema accepts, as far as its definition says that with data.
 * @param seen what has a text already: a schema may contain itself
 */
function textOf(value: unknown, seen: unknown[] = []): string {
  if (typeof value === "function") return "";
  if (typeof value !== "object" || value === null || value instanceof RegExp) return String(value);
  const index = seen.indexOf(value);
  if (index !== -1) return `#${index}`;
  seen.push(value);
  const definition = (value as Partial<Schema>)._zod?.def as object | undefined;
  const { getter } = (definition ?? {}) as { readonly getter?: () => unknown };
  if (getter) return textOf(getter(), seen);
  const record = (definition ?? value) as Readonly<Record<string, unknown>>;
  // A default may be another value each time.
  const names = Object.keys(record).filter((name) => name !== "defaultValue");
  return `{${names
    .sort()
    .map((name) => `${name}:${textOf(record[name], seen)}`)
    .join()}}`;
}
