import { AppendError, memoryLog, type EventLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import type { VirtualClock } from "@tidings/testing";
import { Cluster, type Server } from "../cluster.ts";
import { app, hall, lobby } from "../contract.ts";
import type { Stories, StoryContext } from "./story.ts";

const SECOND = 1_000;

export const deployment: Stories = {
  "that closes presence first shows nobody leaving, and keeps since when and what": (story) =>
    deploy(story, (server) => server.close()),

  "that only closes the hub shows nobody leaving, and keeps since when and what": (story) =>
    deploy(story, (server) => server.hub.close()),

  async "just before a renewal gives everybody the whole time of a lease to come to another server"({ expect }) {
    const cluster = new Cluster();
    const [old, next] = [cluster.start(), cluster.start()];
    const watcher = await cluster.open("ada", next);
    const bo = await cluster.open("bo", old);
    await cluster.clock.advance(8 * SECOND - 1);
    const goOnline = bo.goOffline();
    bo.moveTo(next);
    await old.close();
    // Without a last renewal, the lease would end after twelve seconds.
    await cluster.clock.advance(12.5 * SECOND);
    goOnline();
    await cluster.clock.advance(60 * SECOND);
    expect(watcher.changes).toEqual(["+bo"]);
  },

  async "waits for the last renewal also when the log refuses what it publishes of a number"({ expect }) {
    const cluster = new Cluster(slowLogThatRefuses(hall.path));
    const server = cluster.start();
    const small = app.hall({ hallId: "small" });
    server.presence.connect({ viewerId: "ada", addresses: [hall, small] });
    await cluster.clock.advance(5 * SECOND);
    const before = await cluster.positionOf("servers");
    const closing = server.presence.close().then(() => cluster.positionOf("servers"));
    await cluster.clock.advance(SECOND);
    expect(await closing).not.toBe(before);
    expect(server.errors).toContainEqual(expect.objectContaining({ message: "The disk is full." }));
    expect(await cluster.values(small.path)).toEqual([expect.stringContaining('"atLeast":1')]);
  },

  async "with a log in memory shows nobody leaving either, although the log is another one"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const [ada, bo] = [await cluster.open("ada", server), await cluster.open("bo", server)];
    const other = new Cluster(() => memoryLog({ now: cluster.clock.now }));
    Object.assign(other, { clock: cluster.clock });
    const next = other.start();
    for (const tab of [ada, bo]) tab.moveTo(next);
    await server.close();
    await cluster.clock.advance(60 * SECOND);
    for (const tab of [ada, bo]) expect([...tab.names()].sort()).toEqual(["ada", "bo"]);
    expect(ada.changes).toEqual(["+bo"]);
  },

  async "leaves no timer and no loop behind"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    for (const viewer of ["ada", "bo"]) {
      server.presence.connect({ viewerId: viewer, addresses: [lobby, hall] });
    }
    await cluster.clock.advance(11 * SECOND);
    server.presence.disconnect({ viewerId: "ada", addresses: [lobby, hall] });
    await server.close();
    await server.presence.close();
    expect(cluster.clock.pending).toBe(0);
    expect(cluster.clock.pending).toBe(0);
  },
};

/** A log that refuses everything of one address at once, and takes a moment for everything else. */
function slowLogThatRefuses(path: string): (clock: VirtualClock) => EventLog {
  return (clock) => {
    const log = memoryLog({ now: clock.now });
    return wrapLog(log, {
      async append(batch) {
        if (batch.some(({ channel }) => channel === path)) throw new AppendError("none", "The disk is full.");
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, 100));
        return log.append(batch);
      },
    });
  };
}

async function deploy({ expect }: StoryContext, end: (server: Server) => Promise<void>): Promise<void> {
  const cluster = new Cluster();
  let server = cluster.start();
  const tabs = [await cluster.open("ada", server)];
  await cluster.clock.advance(SECOND);
  tabs.push(await cluster.open("bo", server), await cluster.open("bo", server));
  await server.presence.update(lobby, "bo", { isTyping: true });
  await cluster.clock.settle();
  const before = tabs[0]?.people.value;
  for (let round = 0; round < 3; round++) {
    const next = cluster.start();
    for (const tab of tabs) tab.moveTo(next);
    await end(server);
    await cluster.clock.advance(60 * SECOND);
    server = next;
  }
  for (const tab of tabs) expect(tab.people.value).toEqual(before);
  for (const tab of tabs) expect(tab.changes.filter((change) => change.startsWith("-"))).toEqual([]);
  expect(await cluster.values(lobby.path)).toHaveLength(3);
  expect(await cluster.values("servers")).toHaveLength(1);
  expect(server.errors).toEqual([]);
}
