import type { History } from "@tidings/client";
import type { AnyAddress } from "./contract.ts";
import type { Received } from "./diary.ts";
import type { ClientProgram } from "./programs.ts";
import type { Fact, Tick, Truth } from "./truth.ts";
import type { World } from "./world.ts";

/** A page of history, as somebody asked for it and was given it. */
interface HistoryPage {
  readonly viewer: string;
  readonly path: string;
  readonly last: number;
  /** The event that older ones were asked for of. */
  readonly before: Fact | null;
  readonly asked: Tick;
  /** Milliseconds since the world began. */
  readonly askedAt: number;
  readonly page: History<Received>;
}

/**
 * What is wrong with it now that it is there, or null: it is what the log kept at one moment between question and
 * answer.
 */
function judgePage(truth: Truth, { viewer, path, last, before, asked, askedAt, page }: HistoryPage): string | null {
  const { events, more } = page;
  const now = truth.next();
  if (!truth.rights.allowsSince(viewer, path, asked)) return "what is delivered was authorised: history was not";
  if (events.length > last) return `history is what was asked for: ${events.length} events are more than ${last}`;
  const hidden = truth.rights.hiddenSince(viewer, path, askedAt);
  const facts: Fact[] = [];
  for (const { data, id } of events) {
    const fact = truth.find(data.n, id);
    if (fact?.path !== path || fact.mode !== "reliable") return `what is delivered was published: ${data.n} never was`;
    if (fact.tick <= hidden) return `what is hidden is never shown: ${fact.n} is of before the right was given`;
    if (fact.lostTick < asked) return `history is what the log keeps: ${fact.n} was lost before`;
    if (before !== null && fact.tick >= before.tick) return `history is what was asked for: ${fact.n} is not older`;
    const former = facts.at(-1);
    if (former !== undefined && former.tick >= fact.tick)
      return `history is in order: ${fact.n} came after ${former.n}`;
    facts.push(fact);
  }
  // A position that is lost has nothing before it.
  if (before !== null && before.lostTick < now) return null;
  const first = facts[0]?.tick ?? Infinity;
  const end = before?.tick ?? asked;
  const missing = truth.reliableOf(path).find((fact) => {
    const wasThere = fact.tick < end && fact.tick < asked && fact.goneTick > now && fact.lostTick > now;
    return (
      wasThere &&
      !truth.rights.hides(viewer, path, fact) &&
      !facts.includes(fact) &&
      !(more && fact.tick < first && facts.length > 0)
    );
  });
  if (missing !== undefined) return `history is contiguous: ${missing.n} is not in it`;
  const older = truth.reliableOf(path).some(({ tick, lostTick }) => tick < first && lostTick > asked);
  return more && !older ? "history ends where the log begins: it promises more than there was" : null;
}

/**
 * Asks for the newest page, then for older ones; a follower may go on from the first.
 *
 * @param former the oldest event that is known
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
  const [asked, askedAt] = [truth.next(), world.clock.time];
  const before = former === null ? null : (truth.find(former.data.n, former.id) ?? null);
  // Refused, or the network is away: nothing was promised.
  const page: History<Received> | null = await client
    .history(address, former?.id ? { last, before: former.id } : { last })
    .catch(() => null);
  if (page === null) return counts.add("history refused");
  counts.add(former === null ? "history" : "older history");
  const wrong = judgePage(truth, { viewer, path: address.path, last, before, asked, askedAt, page });
  if (wrong !== null) return world.onViolation(`${wrong} (${viewer} at ${address.path})`);
  const [oldest] = page.events;
  if (page.more && oldest !== undefined) return readHistory(world, program, address, last, oldest);
  if (former !== null || last <= 4 || world.isCalm) return;
  counts.add("begun with history");
  world.follow(program, address, last % 2 === 0, { ...page, asked });
}
