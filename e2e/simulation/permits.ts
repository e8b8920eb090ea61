import { pick } from "./random.ts";
import { addressesOf, viewers, type AnyAddress } from "./contract.ts";
import type { Counts } from "./coverage.ts";
import type { ClientProgram } from "./program.ts";
import type { Right } from "./rights.ts";
import type { Truth } from "./truth.ts";

/** A recheck that a hub has acknowledged. */
export interface AckedRecheck {
  /** When, in milliseconds since the world began. */
  readonly at: number;
  readonly repeat: () => void;
}

/** What the application needs to tell all hubs that a right has changed. */
export interface RecheckWorld {
  readonly clock: { readonly time: number; setTimeout(task: () => void, milliseconds: number): () => void };
  readonly truth: Truth;
  /** The server that the application asks. */
  readonly server: { readonly hub: { recheck(selector: { readonly viewer: string }): Promise<unknown> } };
  readonly ackedRechecks: Set<AckedRecheck>;
  /** Milliseconds in which a hub may not have read a command yet. */
  readonly grace: number;
}

/** What the application needs to take rights away and to give them back. */
interface PermitWorld extends RecheckWorld {
  readonly clock: RecheckWorld["clock"] & { now(): number };
  readonly counts: Counts;
  readonly hasJumped: boolean;
  readonly hasSlowRights: boolean;
  lastExpiry: number;
  readonly clients: readonly ClientProgram[];
  readonly plain: { readonly viewer: string; rejoin(address: AnyAddress, remembers: boolean): void } | null;
  follow(client: ClientProgram, address: AnyAddress, isLoop: boolean): void;
}

/**
 * Lets the hubs ask `authorize` again about a viewer. A recheck that fails is repeated.
 * @param onAcked called with the time at which it was acknowledged; with Infinity when it has to be repeated
 */
async function recheck(world: RecheckWorld, viewer: string, onAcked: (time: number) => void): Promise<void> {
  const { server, clock, truth, ackedRechecks } = world;
  const repeat = (): void => {
    onAcked(Infinity);
    void recheck(world, viewer, onAcked);
  };
  const { length } = truth.epochEnds;
  try {
    await server.hub.recheck({ viewer });
    if (truth.epochEnds.length > length) return repeat();
    onAcked(clock.time);
    ackedRechecks.add({ at: clock.time, repeat });
  } catch {
    clock.setTimeout(repeat, 300);
  }
}

/**
 * A failover may have taken rechecks that not every hub has read. The application has to repeat everything that was
 * acknowledged and lost, so it repeats these, too.
 */
export function repeatRechecks({ ackedRechecks, clock, grace }: RecheckWorld): void {
  const recent = [...ackedRechecks].filter(({ at }) => clock.time - at <= grace);
  ackedRechecks.clear();
  for (const { repeat } of recent) repeat();
}

/**
 * The milliseconds that an answer to an earlier command may take, and then the one to this command. The earlier answer
 * allows what was published before this command: otherwise a stream would stand still if commands come faster than
 * answers.
 */
const EARLIER_ANSWERS = 6_000;

/** Takes away the right to read one address. */
export function revoke(world: PermitWorld, viewer: string, at: number): void {
  const { rights } = world.truth;
  const { path } = pick(addressesOf(viewer), at);
  if (!rights.allows(viewer, path)) return;
  world.counts.add("right taken");
  const right = rights.set(viewer, path, false, world.clock.time);
  void recheck(world, viewer, (time) => void (right.announcedAt = time));
}

/** From now on a right begins at the newest event: what came before is hidden, also from streams that are open. */
export function narrow(world: PermitWorld, viewer: string, at: number): void {
  const { truth, clock, counts } = world;
  const { path } = pick(addressesOf(viewer), at);
  const from = truth.newest;
  if (from === null || !truth.rights.allows(viewer, path)) return;
  counts.add("right narrowed");
  const { until } = truth.rights.of(viewer, path).at(-1) ?? { until: Infinity };
  const right = truth.rights.set(viewer, path, true, clock.time, { from, until });
  void recheck(world, viewer, (time) => void (right.announcedAt = time + (world.hasSlowRights ? EARLIER_ANSWERS : 0)));
}

/** From now on a right has an end, and is void afterwards. */
export function grantForAWhile(world: PermitWorld, viewer: string, at: number, milliseconds: number): void {
  const { truth, clock, counts } = world;
  const { path } = pick(addressesOf(viewer), at);
  // With a clock that jumps, the end of the right is not known.
  if (world.hasJumped || !truth.rights.allows(viewer, path)) return;
  counts.add("right that ends");
  const from = truth.rights.of(viewer, path).at(-1)?.from ?? null;
  const granted = truth.rights.set(viewer, path, true, clock.time, { from, until: clock.now() + milliseconds });
  world.lastExpiry = Math.max(world.lastExpiry, clock.time + milliseconds);
  let ended: Right | null = null;
  clock.setTimeout(() => {
    if (truth.rights.of(viewer, path).at(-1) !== granted) return;
    ended = truth.rights.set(viewer, path, false, clock.time);
    // A hub that has heard of the end needs no recheck.
    if (granted.announcedAt < Infinity) ended.announcedAt = clock.time;
  }, milliseconds);
  void recheck(world, viewer, (time) => {
    granted.announcedAt = time;
    if (ended !== null) ended.announcedAt = time;
  });
}

/** Gives back one of the rights that were taken, or have ended; perhaps only for events from now on. */
export function giveBack(world: PermitWorld, at: number, how: number): void {
  const { truth, clock, counts, clients } = world;
  const taken = viewers.flatMap((viewer) =>
    addressesOf(viewer).flatMap((address): [string, AnyAddress][] =>
      truth.rights.allows(viewer, address.path) ? [] : [[viewer, address]],
    ),
  );
  if (taken.length === 0) return;
  const [viewer, address] = pick(taken, at);
  counts.add("right given");
  // Open streams go by the right that they have until the hub has read the command that took it.
  const { announcedAt } = truth.rights.of(viewer, address.path).at(-1) ?? { announcedAt: Infinity };
  const isOver = clock.time > announcedAt + world.grace;
  const from = isOver && how < 0.7 ? truth.newest : null;
  if (from !== null) counts.add("right from now on");
  truth.rights.set(viewer, address.path, true, clock.time, { from, until: Infinity });
  if (viewer === world.plain?.viewer) world.plain.rejoin(address, how < 0.3);
  const client = clients.find((each) => each.viewer === viewer);
  if (client !== undefined && (how * 97) % 1 < 0.7) world.follow(client, address, (how * 89) % 1 < 0.3);
}
