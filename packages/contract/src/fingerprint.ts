import { END_TYPE } from "@tidings/protocol/mode";
import type { Contract } from "./contract.ts";

/**
 * A short hash of what a contract puts on the wire: patterns, event types, modes, and which channels have a
 * snapshot or an end.
 * The schemas are not part of it. 8 hex digits; the order of keys does not matter. It distinguishes versions, but it
 * is no proof that two contracts are equal.
 */
export function fingerprint(contract: Contract): string {
  const channels = Object.values(contract).map(({ pattern, events, snapshot, end }) => {
    const modes = Object.entries(events).map(([type, { mode }]) => `${type}=${mode}`);
    // Patterns and types have no spaces and no line breaks, so different contracts give different texts.
    const ends = end ? [`${END_TYPE}=reliable`] : [];
    return [pattern.text, snapshot ? "snapshot" : "-", ...modes.sort(), ...ends].join(" ");
  });
  // FNV-1a, 32 bits, of ASCII text: http://www.isthe.com/chongo/tech/comp/fnv/
  let hash = 0x811c9dc5;
  for (const char of channels.sort().join("\n")) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
