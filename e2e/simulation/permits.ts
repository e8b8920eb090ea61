import { pick } from "./random.ts";
import { addressesOf, viewers, type AnyAddress } from "./contract.ts";
import type { Right } from "./rights.ts";
import type { World } from "./world.ts";

/** An order to all hubs that was acknowledged. */
export interface Order {
  /** When, in milliseconds since the world began. */
  readonly at: number;
  readonly again: () => void;
}

/** Has `authorize` asked again about whoever is there. An order that does not go through is given again. */
async function order(world: World, viewer: string, onTold: (time: number) => void): Promise<void> {
  const { server, clock, truth, orders } = world;
  const again = (): void => {
    onTold(Infinity);
    void order(world, viewer, onTold);
  };
  const { length } = truth.breaks;
  try {
    await server.hub.recheck({ viewer });
    if (truth.breaks.length > length) return again();
    onTold(clock.time);
    orders.add({ at: clock.time, again });
  } catch {
    clock.setTimeout(again, 300);
  }
}

/**
 * A failover may have taken orders that not every hub has read: as for all that was acknowledged and lost, it is for
 * the application to see to it.
 */
export function orderAgain({ orders, clock, grace }: World): void {
  const recent = [...orders].filter(({ at }) => clock.time - at <= grace);
  orders.clear();
  for (const { again } of recent) again();
}

/** Takes away the right to read some place. */
export function revoke(world: World, viewer: string, at: number): void {
  const { rights } = world.truth;
  const { path } = pick(addressesOf(viewer), at);
  if (!rights.allows(viewer, path)) return;
  world.counts.add("right taken");
  const right = rights.set(viewer, path, false, world.clock.time);
  void order(world, viewer, (time) => void (right.announcedAt = time));
}

/** From now on a right has an end, after which it is none. */
export function grantForAWhile(world: World, viewer: string, at: number, milliseconds: number): void {
  const { truth, clock, counts } = world;
  const { path } = pick(addressesOf(viewer), at);
  // By a clock that jumps, nobody could say when it ends.
  if (world.hasJumped || !truth.rights.allows(viewer, path)) return;
  counts.add("right that ends");
  const from = truth.rights.of(viewer, path).at(-1)?.from ?? null;
  const granted = truth.rights.set(viewer, path, true, clock.time, { from, until: clock.now() + milliseconds });
  world.lastExpiry = Math.max(world.lastExpiry, clock.time + milliseconds);
  let ended: Right | null = null;
  clock.setTimeout(() => {
    if (truth.rights.of(viewer, path).at(-1) !== granted) return;
    ended = truth.rights.set(viewer, path, false, clock.time);
    // Whoever knew of the end needs no order.
    if (granted.announcedAt < Infinity) ended.announcedAt = clock.time;
  }, milliseconds);
  void order(world, viewer, (time) => {
    granted.announcedAt = time;
    if (ended !== null) ended.announcedAt = time;
  });
}

/** Gives back one of the rights that were taken, or have ended; perhaps only for what comes from now on. */
export function giveBack(world: World, at: number, how: number): void {
  const { truth, clock, counts, clients } = world;
  const taken = viewers.flatMap((viewer) =>
    addressesOf(viewer).flatMap((address): [string, AnyAddress][] =>
      truth.rights.allows(viewer, address.path) ? [] : [[viewer, address]],
    ),
  );
  if (taken.length === 0) return;
  const [viewer, address] = pick(taken, at);
  counts.add("right given");
  // Running streams keep what they were granted, so the application waits until all of them have ended.
  const { announcedAt } = truth.rights.of(viewer, address.path).at(-1) ?? { announcedAt: Infinity };
  const isOver = clock.time > announcedAt + world.grace;
  const from = isOver && how < 0.7 ? truth.newest : null;
  if (from !== null) counts.add("right from now on");
  truth.rights.set(viewer, address.path, true, clock.time, { from, until: Infinity });
  if (viewer === world.plain?.viewer) world.plain.rejoin(address, how < 0.3);
  const client = clients.find((each) => each.viewer === viewer);
  if (client !== undefined && (how * 97) % 1 < 0.7) world.follow(client, address, (how * 89) % 1 < 0.3);
}
