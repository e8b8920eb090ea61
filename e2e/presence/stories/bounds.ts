import { Cluster } from "../cluster.ts";
import { app, hall, lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

export const bounds: Stories = {
  async "a server shows so many people of an address, and the next one when somebody has left"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start({ mostPeople: 3 });
    const tabs = [];
    for (const viewer of ["ada", "bo", "cleo", "dan", "eve"]) tabs.push(await cluster.open(viewer, server));
    expect(tabs[4]?.names()).toEqual(["ada", "bo", "cleo"]);
    tabs[3]?.client.close();
    tabs[1]?.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(tabs[4]?.names()).toEqual(["ada", "cleo", "eve"]);
  },

  async "a server says it of so many addresses"({ expect }) {
    const cluster = new Cluster();
    const { presence } = cluster.start({ mostAddresses: 2 });
    for (const roomId of ["a", "b", "c"]) {
      presence.connect({ viewerId: "ada", addresses: [app.people({ roomId })] });
    }
    await cluster.clock.advance(SECOND);
    const values = await Promise.all(["a", "b", "c"].map((roomId) => cluster.values(app.people({ roomId }).path)));
    expect(values.map(({ length }) => length)).toEqual([1, 1, 0]);
  },

  async "an address with nobody makes room for somebody who comes"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start({ mostAddresses: 1 });
    await server.presence.update(app.people({ roomId: "a" }), "bo", { isTyping: true });
    const ada = await cluster.open("ada", server);
    expect(ada.names()).toEqual(["ada"]);
    // A state makes no room for itself.
    await server.presence.update(app.people({ roomId: "a" }), "bo", { isTyping: true });
    await cluster.clock.advance(60 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
  },

  async "the end of a stream that found no room is not the end of one that did"({ expect }) {
    const cluster = new Cluster();
    const { presence } = cluster.start({ mostAddresses: 1, grace: 0 });
    const bo = { viewerId: "bo", addresses: [hall] };
    const ada = { viewerId: "ada", addresses: [lobby] };
    presence.connect(bo);
    presence.connect(ada);
    presence.disconnect(bo);
    await cluster.clock.advance(SECOND);
    presence.connect(ada);
    presence.disconnect(ada);
    await cluster.clock.advance(SECOND);
    expect(await cluster.values(lobby.path)).toHaveLength(1);
    presence.disconnect(ada);
    await cluster.clock.advance(SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
  },

  async "an address makes no room while its last number waits to be published"({ expect }) {
    const cluster = new Cluster();
    const { presence } = cluster.start({ mostAddresses: 1, grace: 0 });
    const ada = { viewerId: "ada", addresses: [hall] };
    presence.connect(ada);
    await cluster.clock.advance(100);
    presence.disconnect(ada);
    await cluster.clock.advance(100);
    presence.connect({ viewerId: "bo", addresses: [lobby] });
    await cluster.clock.advance(SECOND);
    expect(await cluster.values(hall.path)).toEqual([]);
  },

  async "nothing is published while nobody is there, and the next person begins again"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    ada.client.close();
    await cluster.clock.advance(60 * SECOND);
    const before = await cluster.seq();
    expect(await cluster.values("servers")).toEqual([]);
    await cluster.clock.advance(HOUR);
    expect(await cluster.seq()).toBe(before);
    const bo = await cluster.open("bo", server);
    await cluster.clock.advance(60 * SECOND);
    expect(bo.names()).toEqual(["bo"]);
  },
};
