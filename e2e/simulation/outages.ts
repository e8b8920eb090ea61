import { orderAgain } from "./permits.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** One process ends in order, and another one takes its place. */
export function restart(world: World, at: number): void {
  world.counts.add("restart");
  for (const former of replace(world, at)) {
    world.formerServers.push(former);
    void former.close();
  }
}

/** @param how below a third, the machine is gone, too */
export function crash(world: World, at: number, how: number): void {
  world.counts.add("crash");
  kill(world, replace(world, at), how);
}

/** The log goes on in a copy that lacks its newest entries. */
export async function failOver(world: World, lost: number): Promise<void> {
  const { truth, clock, programs, store, counts } = world;
  if (store.cluster === null) return;
  counts.add("failover");
  const before = programs.connected;
  await store.cluster.failOver(lost, (end) =>
    truth.broken("failover", end, clock.time, new Set([...before, ...programs.connected])),
  );
  orderAgain(world);
}

/** Another log takes its place, which knows nothing. */
export async function reset({ truth, clock, store, counts }: World): Promise<void> {
  if (store.cluster === null) return;
  counts.add("reset");
  await store.cluster.reset((end) => truth.broken("reset", end, clock.time, new Set()));
}

/** All processes are stopped, and begin again on an older copy of the file. @param how as for a {@link crash} */
export function putBack(world: World, how: number): void {
  const { truth, clock, programs, store, servers, formerServers, counts } = world;
  if (store.copies === null) return;
  const before = new Set(programs.connected);
  // Who has been told to end may still be about it.
  kill(world, [...servers, ...formerServers.splice(0)], how);
  const end = store.copies.putBack();
  for (const index of servers.keys()) servers[index] = new Server(world);
  if (end === null) return;
  counts.add("older copy put back");
  truth.broken("failover", end, clock.time, before);
  orderAgain(world);
}

/** @returns the process that was there, if `at`, in [0, 1), hits one */
function replace(world: World, at: number): readonly Server[] {
  const { servers } = world;
  return servers.splice(Math.floor(at * servers.length), 1, new Server(world));
}

function kill({ programs }: World, servers: readonly Server[], how: number): void {
  for (const server of servers) server.kill();
  // Their machine may be gone with them, or its system closes the sockets.
  for (const exchange of programs.exchanges)
    if (servers.some((server) => programs.serverOf(exchange) === server)) {
      if (how < 0.3) exchange.swallow();
      else exchange.cut(Math.floor(how * 500));
    }
}
