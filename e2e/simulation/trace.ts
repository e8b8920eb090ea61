import type { Diary, Seen } from "./diary.ts";
import type { Plan } from "./plan.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/**
 * A schedule and what came of it, for a person to read: its steps, and for the follower who was wronged, its channel
 * and what it was told.
 */
export function describe(plan: Plan, world: World): string {
  const steps = plan.steps.map(
    ({ verb, a, b, pause }) => `step ${verb}(${a.toFixed(2)}, ${b.toFixed(2)}) ${JSON.stringify(pause)}`,
  );
  const wronged = world.diaries.filter((diary) => diary === world.wronged);
  return [
    `${plan.servers} server(s) on the ${plan.engine} log, keeps ${plan.kept}, ring of ${plan.ringEntries}, pages of ${plan.pageEvents}, ` +
      `streams of ${Math.round(plan.maxAge)} ms, a drag of ${plan.drag.toFixed(1)} ms${plan.hasPlain ? ", a reader without our client" : ""}`,
    ...steps,
    ...wronged.map((diary) => history(world.truth, diary)),
  ].join("\n");
}

/** The channel and the follower side by side, by tick. */
function history(truth: Truth, follower: Diary): string {
  const lines: [number, string][] = [[follower.begun, `${String(follower)} begins to follow`]];
  for (const { tick, n, path, mode, position, goneTick, lostTick, type, key } of truth.facts) {
    if (path !== follower.address.path) continue;
    const fate = [
      goneTick === Infinity ? "" : `gone at ${goneTick}`,
      lostTick === Infinity ? "" : `lost at ${lostTick}`,
    ].join(" ");
    lines.push([tick, `  log: ${n} ${mode} ${type} ${key} at ${position.epoch.slice(0, 3)}.${position.seq} ${fate}`]);
  }
  for (const { tick, kind, end } of truth.breaks)
    lines.push([tick, `  log: ${kind}, ${end.epoch.slice(0, 3)} ends at ${end.seq}`]);
  for (const right of truth.rights.of(follower.program.viewer, follower.address.path))
    lines.push([
      right.tick,
      `  right: ${right.allowed} from ${right.from?.n ?? 0}, at ${right.at} ms, announced at ${right.announcedAt} ms`,
    ]);
  for (const seen of follower.seen)
    lines.push([seen.tick, `    seen at ${seen.at.toFixed(0)} ms: ${describeSeen(seen)}`]);
  return lines
    .sort(([one], [other]) => one - other)
    .map(([tick, line]) => `${String(tick).padStart(4)} ${line}`)
    .join("\n");
}

function describeSeen(seen: Seen): string {
  switch (seen.kind) {
    case "event":
      return `${seen.type} ${seen.n} ${seen.key} id ${seen.id}`;
    case "gap":
      return `gap ${seen.gap.reason} after ${seen.gap.after}`;
    case "state":
      return `state ${seen.said.join()}`;
    case "cleared":
      return `cleared ${seen.cleared.type} ${seen.cleared.key}`;
    case "closed":
      return `closed ${seen.reason}`;
    case "begins":
      return seen.from === null ? "begins anew" : `begins with a page that was asked for at ${seen.from}`;
    case "live":
    case "reloaded":
      return seen.kind;
  }
}
