import type { History } from "@tidings/client";
import type { AnyAddress } from "./contract.ts";
import type { Received } from "./diary.ts";
import type { Fact, Tick } from "./fact.ts";
import type { ClientProgram } from "./program.ts";
import type { Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** A request for a page of history, and its answer. */
interface HistoryPage {
  readonly viewer: string;
  readonly path: string;
  readonly last: number;
  /** The page has events before this one; null for the newest page. */
  readonly before: Fact | null;
  readonly requestedTick: Tick;
  /** Milliseconds since the world began. */
  readonly requestedAt: number;
  /** Milliseconds in which a hub may not have read a command yet. */
  readonly grace: number;
  readonly page: History<Received, Received>;
}

/**
 * Says what is wrong with a page, or null. A page has what the log kept at one moment between request and answer.
 */
function judgePage(
  truth: Truth,
  { viewer, path, last, before, requestedTick, requestedAt, grace, page }: HistoryPage,
): string | null {
  const { events, more } = page;
  const now = truth.next();
  if (!truth.rights.allowsSince(viewer, path, requestedTick)) {
    return "what is delivered was authorised: history was not";
  }
  if (events.length > last) return `history is what was requested: ${events.length} events are more than ${last}`;
  const hidden = truth.rights.hiddenSince(viewer, path, requestedAt, grace);
  const facts: Fact[] = [];
  for (const { data, id } of events) {
    const fact = truth.find(data.n, id);
    if (fact?.path !== path || fact.mode !== "reliable") return `what is delivered was published: ${data.n} never was`;
    if (fact.tick <= hidden) return `what is hidden is never shown: ${fact.n} is older than the right`;
    if (fact.lostTick < requestedTick) return `history is what the log keeps: ${fact.n} was lost before`;
    if (before !== null && fact.tick >= before.tick) return `history is what was requested: ${fact.n} is not older`;
    const former = facts.at(-1);
    if (former !== undefined && former.tick >= fact.tick) {
      return `history is in order: ${fact.n} came after ${former.n}`;
    }
    facts.push(fact);
  }
  // A lost position has nothing before it.
  if (before !== null && before.lostTick < now) return null;
  const first = facts[0]?.tick ?? Infinity;
  const end = before?.tick ?? requestedTick;
  const missing = truth.reliableOf(path).find((fact) => {
    const wasThere = fact.tick < end && fact.tick < requestedTick && fact.goneTick > now && fact.lostTick > now;
    return (
      wasThere &&
      !truth.rights.hides(viewer, path, fact) &&
      !facts.includes(fact) &&
      !(more && fact.tick < first && facts.length > 0)
    );
  });
  if (missing !== undefined) return `history is contiguous: ${missing.n} is not in it`;
  const older = truth.reliableOf(path).some(({ tick, lostTick }) => tick < first && lostTick > requestedTick);
  return more && !older ? "history ends where the log begins: it promises more than there was" : null;
}

/**
 * Requests the newest page, then older ones. A follower may begin with the newest one.
 *
 * @param former the oldest event of the former page
 */
export async function readHistory(
  world: World,
  program: ClientProgram,
  address: AnyAddress,
  last: number,
  former: Received | null = null,
): Promise<void> {
  const { truth, counts } = world;
  const { viewer, client } = program;
  const [requestedTick, requestedAt] = [truth.next(), world.clock.time];
  const before = former === null ? null : (truth.find(former.data.n, former.id) ?? null);
  // Refused, or the network is away: then nothing is promised.
  const page: History<Received, Received> | null = await client
    .history(address, former?.id ? { last, before: former.id } : { last })
    .catch(() => null);
  if (page === null) return counts.add("history refused");
  counts.add(former === null ? "history" : "older history");
  const request = { viewer, path: address.path, last, before, requestedTick, requestedAt };
  const wrong = judgePage(truth, { ...request, grace: world.grace, page });
  if (wrong !== null) return world.onViolation(`${wrong} (${viewer} at ${address.path})`);
  const [oldest] = page.events;
  if (page.more && oldest !== undefined) return readHistory(world, program, address, last, oldest);
  if (former !== null || last <= 4 || world.isCalm) return;
  counts.add("begun with history");
  world.follow(program, address, last % 2 === 0, { ...page, requestedTick });
}
