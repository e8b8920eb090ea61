import type { Diary, Seen } from "./diary.ts";
import type { Plan } from "./plan.ts";
import type { Settings } from "./settings.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/**
 * Describes a schedule and its outcome for a person: its steps, the follower for which a promise was broken, the
 * channel of that follower and what it saw.
 */
export function describe(plan: Plan, world: World): string {
  const steps = plan.steps.map(
    ({ verb, a, b, pause }) => `step ${verb}(${a.toFixed(2)}, ${b.toFixed(2)}) ${JSON.stringify(pause)}`,
  );
  const followers = world.diaries.filter((diary) => diary === world.failedFollower);
  return [describeSettings(plan), ...steps, ...followers.map((diary) => history(world.truth, diary))].join("\n");
}

function describeSettings({
  servers,
  engine,
  kept,
  rules,
  keptBytes,
  ringEntries,
  pageEvents,
  maxAge,
  drag,
  hasPlain,
  actors,
}: Settings): string {
  const parts = [
    `${servers} server(s) on the ${engine} log`,
    `keeps ${kept} and ${keptBytes} bytes`,
    ...rules.map((rule) => `a hub keeps ${JSON.stringify(rule)}`),
    `ring of ${ringEntries}`,
    `pages of ${pageEvents}`,
    `streams of ${Math.round(maxAge)} ms`,
    `a drag of ${drag.toFixed(1)} ms`,
  ];
  if (hasPlain) parts.push("a reader without our client");
  if (actors.length > 0) parts.push(`with ${actors.join(", ")}`);
  return parts.join(", ");
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
  for (const { tick, kind, last } of truth.epochEnds) {
    lines.push([tick, `  log: ${kind}, ${last.epoch.slice(0, 3)} ends at ${last.seq}`]);
  }
  for (const right of truth.rights.of(follower.program.viewer, follower.address.path)) {
    lines.push([
      right.tick,
      `  right: ${right.allowed} from ${right.from?.n ?? 0}, at ${right.at} ms, announced at ${right.announcedAt} ms`,
    ]);
  }
  for (const seen of follower.seen) {
    lines.push([seen.tick, `    seen at ${seen.at.toFixed(0)} ms: ${describeSeen(seen)}`]);
  }
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
      return seen.from === null ? "begins anew" : `begins with a page that was requested at ${seen.from}`;
    case "live":
    case "reloaded":
      return seen.kind;
  }
}
