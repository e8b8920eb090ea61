import { formatCursor } from "@tidings/protocol";
import { END_TYPE } from "@tidings/protocol/mode";
import type { Fact } from "./fact.ts";
import { FollowerCase } from "./follower-case.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/**
 * Says what is wrong with what the handlers saw, or null. It knows what was published, what is gone and who may read.
 * It asks no hub, no client and no log.
 */
export function judge(world: World): string | null {
  const twice = world.truth.twice();
  // A log remembers keys for ten minutes, by a clock that must not jump.
  if (twice !== undefined && !world.hasJumped) {
    return `a key publishes once: ${twice.n} is in the log a second time, at ${formatCursor(twice.position)}`;
  }
  const late = afterEnd(world.truth);
  if (late !== null) return `nothing is appended after an end: ${late.n} was, at ${formatCursor(late.position)}`;
  for (const diary of world.diaries) {
    const wrong = new FollowerCase(world, diary).find();
    if (wrong === null) continue;
    world.failedFollower = diary;
    return `${wrong} (${String(diary)})`;
  }
  for (const actor of world.actors) {
    const wrong = actor.judge();
    if (wrong !== null) return wrong;
  }
  return null;
}

/** What was appended to an address after its end, while that was there; null if there is nothing. */
function afterEnd({ facts }: Truth): Fact | null {
  const ends = facts.filter(({ type }) => type === END_TYPE);
  const follows = ({ path, tick, lostTick }: Fact, fact: Fact): boolean =>
    fact.path === path && fact.tick > tick && fact.tick < lostTick;
  return facts.find((fact) => ends.some((end) => follows(end, fact))) ?? null;
}
