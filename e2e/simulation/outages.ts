import { repeatRechecks, type RecheckWorld } from "./permits.ts";
import type { Programs } from "./programs.ts";
import { Server, type ServerWorld } from "./server.ts";

/** What a failover concerns. */
export interface FailoverWorld extends RecheckWorld {
  readonly clock: ServerWorld["clock"];
  readonly programs: Programs;
  readonly store: ServerWorld["store"];
  readonly counts: ServerWorld["counts"];
}

/** What the end of a process concerns. */
interface OutageWorld extends ServerWorld, FailoverWorld {
  readonly clock: ServerWorld["clock"];
  readonly servers: Server[];
  readonly formerServers: Server[];
}

/** One process ends in order, and another one takes its place. */
export function restart(world: OutageWorld, at: number): void {
  world.counts.add("restart");
  for (const former of replace(world, at)) {
    world.formerServers.push(former);
    void former.close();
  }
}

/** @param how below 0.3, the machine dies, too */
export function crash(world: OutageWorld, at: number, how: number): void {
  world.counts.add("crash");
  kill(world, replace(world, at), how);
}

/** The log goes on in a copy that lacks its newest entries. */
export async function failOver(world: FailoverWorld, lost: number): Promise<void> {
  const { truth, clock, programs, store, counts } = world;
  if (store.cluster === null) return;
  counts.add("failover");
  const before = programs.connected;
  await store.cluster.failOver(lost, (last) =>
    truth.endEpoch("failover", last, clock.time, new Set([...before, ...programs.connected])),
  );
  repeatRechecks(world);
}

/** An empty log takes its place. */
export async function reset({ truth, clock, store, counts }: OutageWorld): Promise<void> {
  if (store.cluster === null) return;
  counts.add("reset");
  await store.cluster.reset((last) => truth.endEpoch("reset", last, clock.time, new Set()));
}

/** All processes are stopped, and begin again on an older copy of the file. @param how as for a {@link crash} */
export function putBack(world: OutageWorld, how: number): void {
  const { truth, clock, programs, store, servers, formerServers, counts } = world;
  if (store.copies === null) return;
  const before = new Set(programs.connected);
  // Servers that have been told to close may not be closed yet.
  kill(world, [...servers, ...formerServers.splice(0)], how);
  const last = store.copies.putBack();
  for (const index of servers.keys()) servers[index] = new Server(world);
  if (last === null) return;
  counts.add("older copy put back");
  truth.endEpoch("failover", last, clock.time, before);
  repeatRechecks(world);
}

/** @returns the process that was replaced, if `at`, in [0, 1), hits one */
function replace(world: OutageWorld, at: number): readonly Server[] {
  const { servers } = world;
  return servers.splice(Math.floor(at * servers.length), 1, new Server(world));
}

function kill({ programs }: OutageWorld, servers: readonly Server[], how: number): void {
  for (const server of servers) server.kill();
  // Either the machine dies with the process, or its system closes the sockets.
  for (const exchange of programs.exchanges) {
    if (servers.some((server) => programs.serverOf(exchange) === server)) {
      if (how < 0.3) exchange.swallow();
      else exchange.cut(Math.floor(how * 500));
    }
  }
}
