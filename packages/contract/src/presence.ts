import * as z from "zod/mini";
import { channel, type ChannelDefinition } from "./channel.ts";
import { kindOf, refuse } from "./contract-error.ts";
import { isSchema, latest, type Decoded, type EventDefinition, type Zod4Schema } from "./event.ts";
import type { WithoutOuterSlashes } from "./path.ts";

/** How long a server's lease holds after its last renewal, in milliseconds. */
export const LEASE_TIME = 20_000;

/**
 * When a value expires that nobody has withdrawn, in milliseconds: the server was killed, and nobody has come to that
 * address since.
 */
export const FORGOTTEN_AFTER = 86_400_000;

const Alive = z.object({ server: z.string() });
const Here = z.object({ viewer: z.string(), server: z.string(), since: z.number() });
const Count = z.object({ server: z.string(), count: z.number(), atLeast: z.optional(z.number()) });

/** A server that says who is there. Its lease expires when it does not renew it. */
export type Alive = z.infer<typeof Alive>;

/** A viewer has a stream at a server. It counts for as long as the server's lease. */
export type Here = z.infer<typeof Here>;

/**
 * How many viewers have a stream at a server. It counts for as long as the server's lease. A server that ends says in
 * `atLeast` how many there were at all servers: until its lease ends, its viewers come to others.
 */
export type Count = z.infer<typeof Count>;

/** What a viewer is doing. It belongs to the viewer and to no server. */
export interface ViewerState<State> {
  readonly viewer: string;
  readonly state: State;
}

/** The events of a channel made by {@link peopleChannel}. */
// A type, since only a type without an interface is a record of events.
export type PeopleEvents<State> = {
  readonly here: EventDefinition<Here, "latest">;
  readonly state: EventDefinition<ViewerState<State>, "latest">;
};

/** The events of a channel made by {@link countChannel}. */
export type CountEvents = { readonly count: EventDefinition<Count, "latest"> };

/** The events of a channel made by {@link serversChannel}. */
export type ServersEvents = { readonly alive: EventDefinition<Alive, "latest"> };

/**
 * A channel that says who is there. Everybody with an open stream of an address is there. It needs a
 * {@link serversChannel} in the same contract.
 *
 * @param state what else is known of a viewer, for example whether they are typing @default nothing
 * @throws ContractError as `channel` does
 * @example peopleChannel("rooms/:roomId/people", z.object({ isTyping: z.boolean() }))
 */
export function peopleChannel<const Pattern extends string, State extends Zod4Schema = z.ZodMiniNull>(
  pattern: WithoutOuterSlashes<Pattern>,
  // Safe: the default of the type is the type of the default.
  state: State = z.null() as Zod4Schema as State,
): ChannelDefinition<Pattern, PeopleEvents<Decoded<State>>, never> {
  if (!isSchema(state)) refuse("peopleChannel", "the state to be a schema of zod 4", kindOf(state));
  const here = latest(Here, { key: hereKey, expires: FORGOTTEN_AFTER });
  const viewerState = latest(z.object({ viewer: z.string(), state }), {
    // Safe: the schema above has a string there, whatever the state is.
    key: (data) => (data as { readonly viewer: string }).viewer,
    expires: FORGOTTEN_AFTER,
  });
  // Safe: the schema is an object of a viewer and the state, which the compiler cannot derive for any state.
  const events = { here, state: viewerState } as unknown as PeopleEvents<Decoded<State>>;
  return channel<Pattern, PeopleEvents<Decoded<State>>>(pattern, events);
}

/**
 * A channel that says only how many are there, for many people. It needs a {@link serversChannel} in the same contract.
 *
 * @throws ContractError as `channel` does
 * @example countChannel("halls/:hallId/count")
 */
export function countChannel<const Pattern extends string>(
  pattern: WithoutOuterSlashes<Pattern>,
): ChannelDefinition<Pattern, CountEvents, never> {
  return channel(pattern, { count: latest(Count, { key: ({ server }) => server, expires: FORGOTTEN_AFTER }) });
}

/**
 * The channel that says which servers are alive. A contract needs one. A viewer who may read who is there has to be
 * allowed to read this channel, too.
 *
 * @throws ContractError as `channel` does
 * @example serversChannel("servers")
 */
export function serversChannel<const Pattern extends string>(
  pattern: WithoutOuterSlashes<Pattern>,
): ChannelDefinition<Pattern, ServersEvents, never> {
  return channel(pattern, { alive: latest(Alive, { key: ({ server }) => server, expires: LEASE_TIME }) });
}

/** The key of the value that says that a viewer is at a server. The id of a server has no slash. */
export function hereKey({ server, viewer }: Pick<Here, "server" | "viewer">): string {
  return `${server}/${viewer}`;
}

/** What the channels above make of a contract's events, by the schema that no other channel has. */
export type PresenceKind = "people" | "count" | "servers";

/** Which of the functions above has made a channel; null for any other channel. */
export function presenceKind({ events }: ChannelDefinition): PresenceKind | null {
  if (events["here"]?.schema === Here) return "people";
  if (events["count"]?.schema === Count) return "count";
  return events["alive"]?.schema === Alive ? "servers" : null;
}

/** Somebody who is there, once, whatever the number of their tabs and servers. */
export interface Person<State> {
  /** The viewer's id. */
  readonly viewer: string;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** The newest state of the viewer; null before the first one. */
  readonly state: State | null;
}

/** Whom a list of values shows, sorted by the time since when they are there. */
export function peopleOf<State>(
  heres: Iterable<Here>,
  isAlive: (server: string) => boolean,
  stateOf: (viewer: string) => State | null,
): Person<State>[] {
  const people = new Map<string, Person<State>>();
  for (const { viewer, server, since } of heres) {
    if (!isAlive(server)) continue;
    const earlier = people.get(viewer)?.since ?? Infinity;
    people.set(viewer, { viewer, since: Math.min(since, earlier), state: stateOf(viewer) });
  }
  return [...people.values()].sort(bySinceAndViewer);
}

/** How many a list of values counts. */
export function countOf(counts: Iterable<Count>, isAlive: (server: string) => boolean): number {
  let sum = 0;
  let atLeast = 0;
  for (const value of counts) {
    if (!isAlive(value.server)) continue;
    sum += value.count;
    atLeast = Math.max(atLeast, value.atLeast ?? 0);
  }
  return Math.max(sum, atLeast);
}

function bySinceAndViewer(one: Person<unknown>, other: Person<unknown>): number {
  if (one.since !== other.since) return one.since - other.since;
  return one.viewer < other.viewer ? -1 : 1;
}
