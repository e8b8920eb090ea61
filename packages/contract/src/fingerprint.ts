import type { Contract } from "./contract.ts";

/**
 * A short hash of what a contract puts on the wire: patterns, event types, modes, and which channels have a snapshot;
 * not the schemas. 8 hex digits, the same for every order of keys. It tells apart versions, it proves nothing.
 */
export function fingerprint(contract: Contract): string {
  const channels = Object.values(contract).map(({ pattern, events, snapshot }) => {
    const modes = Object.entries(events).map(([type, { mode }]) => `${type}=${mode}`);
    // Neither patterns nor types have spaces or line ends, so no two contracts are spelled alike.
    return [pattern.text, snapshot === undefined ? "-" : "snapshot", ...modes.toSorted()].join(" ");
  });
  return fnv1a(channels.toSorted().join("\n"));
}

/** FNV-1a, 32 bits, of ASCII text: http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
