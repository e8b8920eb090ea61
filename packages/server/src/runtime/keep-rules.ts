import type { Contract } from "@tidings/contract";
import type { ChannelKeep, KeepRules } from "@tidings/log";
import { checkObject, checkOptions, checkRange } from "@tidings/protocol/checks";
import type { KeepOption } from "../hub-options.ts";

/** Makes the rules of a hub. It takes what the log was told to keep, for what the hub leaves open. */
export type MakeKeepRules = (keep: ChannelKeep) => KeepRules;

/**
 * How the option `keep` becomes rules of the log, which knows only paths. Null without the option.
 *
 * @throws TypeError for a channel that is not in the contract, an unknown bound, and one that is no number from 0 on
 */
export function createKeepRules(contract: Contract, option: KeepOption<string> | undefined): MakeKeepRules | null {
  if (option === undefined) return null;
  checkOptions("keep", option, { default: "object", channels: "object" });
  const { default: others = {}, channels = {} } = option;
  checkKeep("keep.default", others);
  checkObject("keep.channels", channels, Object.keys(contract));
  for (const [name, keep] of Object.entries(channels)) {
    if (keep !== undefined) checkKeep(`keep.channels.${name}`, keep);
  }
  return (given) => {
    const all = complete(others, given);
    const rules = Object.values(contract).flatMap(({ name, pattern }) => {
      const keep = Object.hasOwn(channels, name) ? channels[name] : undefined;
      return keep === undefined ? [] : [{ pattern: formOf(pattern.segments), ...complete(keep, all) }];
    });
    return { channels: rules, default: all };
  };
}

function checkKeep(where: string, keep: Partial<ChannelKeep>): void {
  checkObject(where, keep, ["entries", "age"]);
  for (const [name, bound] of Object.entries(keep)) {
    // Plain JavaScript may pass undefined, which stands for the default.
    if (bound !== undefined) checkRange(`${where}.${name}`, bound, 0, Infinity);
  }
}

function complete({ entries, age }: Partial<ChannelKeep>, others: ChannelKeep): ChannelKeep {
  return { entries: entries ?? others.entries, age: age ?? others.age };
}

/** `rooms/:roomId` becomes `rooms/*`. The other segments of a contract are written the same in a path. */
function formOf(segments: readonly string[]): string {
  return segments.map((segment) => (segment.startsWith(":") ? "*" : segment)).join("/");
}
