import { Cluster } from "../cluster.ts";
import { lobby } from "../contract.ts";
import type { Stories, StoryContext } from "./story.ts";

const SECOND = 1_000;

export const cost: Stories = {
  async "is one lease per server, and nothing per person, whether they are 200, 400 or 800"(story) {
    for (const count of [200, 400, 800]) await countWork(story, count);
  },
};

async function countWork({ expect }: StoryContext, count: number): Promise<void> {
  const cluster = new Cluster();
  const servers = [cluster.start({ mostPeople: 1_000 }), cluster.start({ mostPeople: 1_000 })];
  const begun = await cluster.seq();
  for (let index = 0; index < count; index++) {
    servers[index % 2]?.presence.connect({ viewerId: `person ${index}`, addresses: [lobby] });
  }
  const [server] = servers;
  if (server === undefined) throw new Error("Expected a server.");
  const watcher = await cluster.open("watcher", server);
  await cluster.clock.settle();
  // One value for each person, the watcher among them, and one lease for each server.
  expect((await cluster.seq()) - begun).toBe(count + 1 + servers.length);
  expect(watcher.names()).toHaveLength(count + 1);

  const [entries, bytes] = [await cluster.seq(), watcher.bytes()];
  await cluster.clock.advance(80 * SECOND);
  // In 80 seconds each server has renewed its lease ten times: no entry and no byte depends on the number of people.
  expect((await cluster.seq()) - entries).toBe(10 * servers.length);
  expect(watcher.bytes() - bytes).toBeLessThan(4_000);

  // One change costs every reader one event.
  const before = { entries: await cluster.seq(), bytes: watcher.bytes() };
  server.presence.connect({ viewerId: "another", addresses: [lobby] });
  await cluster.clock.settle();
  expect((await cluster.seq()) - before.entries).toBe(1);
  expect(watcher.bytes() - before.bytes).toBeLessThan(200);
  expect(watcher.seen.at(-1)).toHaveLength(count + 2);
}
