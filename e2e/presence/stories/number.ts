import { Cluster } from "../cluster.ts";
import { hall } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;

export const number: Stories = {
  async "is the sum over the servers, at most one value a second and server"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    const crowd = ada.crowd();
    await cluster.clock.advance(2 * SECOND);
    expect(crowd.value).toBe(1);
    const before = await cluster.seq();
    for (let index = 0; index < 200; index++) {
      const server = index % 2 === 0 ? one : two;
      server.presence.connect({ viewerId: `person ${index}`, addresses: [hall] });
      await cluster.clock.advance(10);
    }
    await cluster.clock.advance(SECOND);
    expect(crowd.value).toBe(201);
    // Two seconds: three numbers of each server at most, and the leases.
    expect((await cluster.seq()) - before).toBeLessThanOrEqual(2 * 4 + 2);
    await two.kill();
    await cluster.clock.advance(30 * SECOND);
    expect(crowd.value).toBe(101);
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(hall.path)).toHaveLength(1);
  },

  async "stays the same over a deployment, although the old server counts until people are at the new one"({ expect }) {
    const cluster = new Cluster();
    let server = cluster.start();
    const watcher = (await cluster.open("watcher", cluster.start())).crowd();
    const tabs = [];
    for (const viewer of ["ada", "bo", "cleo", "dan"]) tabs.push(await cluster.open(viewer, server));
    const crowds = [watcher, ...tabs.map((tab) => tab.crowd())];
    await cluster.clock.advance(5 * SECOND);
    const shown: number[] = [];
    for (const crowd of crowds) crowd.subscribe((value) => shown.push(value));
    for (let deploy = 0; deploy < 3; deploy++) {
      const next = cluster.start();
      for (const tab of tabs) tab.moveTo(next);
      await server.close();
      await cluster.clock.advance((deploy + 1) * 10 * SECOND);
      server = next;
    }
    expect([shown, crowds.map(({ value }) => value)]).toEqual([[], [5, 5, 5, 5, 5]]);
    tabs[0]?.client.close();
    await cluster.clock.advance(30 * SECOND);
    expect(watcher.value).toBe(4);
    expect(server.errors).toEqual([]);
  },

  async "goes down to nothing, and leaves nothing behind"({ expect }) {
    const cluster = new Cluster();
    const { presence } = cluster.start();
    presence.connect({ viewerId: "ada", addresses: [hall] });
    await cluster.clock.advance(60 * SECOND);
    expect(await cluster.values(hall.path)).toHaveLength(1);
    presence.disconnect({ viewerId: "ada", addresses: [hall] });
    await cluster.clock.advance(60 * SECOND);
    expect(await cluster.values(hall.path)).toEqual([]);
  },
};
