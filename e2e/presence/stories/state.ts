import { Cluster } from "../cluster.ts";
import { lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;

export const state: Stories = {
  async "is one for all tabs, can be set at any server, outlives a server, and goes with the person"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", two);
    const bo = await cluster.open("bo", one);
    await one.presence.update(lobby, "bo", { isTyping: false });
    await two.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.settle();
    expect(ada.people.value[1]).toMatchObject({ viewer: "bo", state: { isTyping: true } });
    bo.moveTo(two);
    await one.kill();
    await cluster.clock.advance(60 * SECOND);
    expect(ada.people.value[1]).toMatchObject({ viewer: "bo", state: { isTyping: true } });
    bo.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
    expect(await cluster.values(lobby.path)).toHaveLength(1);
  },

  async "stays while one of the servers of the person has them"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    const tabs = [await cluster.open("bo", one), await cluster.open("bo", two)];
    await one.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(SECOND);
    tabs[0]?.client.close();
    await cluster.clock.advance(60 * SECOND);
    expect(ada.people.value[1]).toMatchObject({ viewer: "bo", state: { isTyping: true } });
  },

  async "is withdrawn later if both servers of the person believe that the other one still has them"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    await cluster.open("ada", two);
    const tabs = [await cluster.open("bo", one), await cluster.open("bo", two)];
    await one.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(SECOND);
    for (const tab of tabs) tab.client.close();
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([expect.stringContaining('"ada"')]);
  },

  async "of somebody who is nowhere is withdrawn within half a minute, whether or not a server has people there"({
    expect,
  }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    await one.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
    await cluster.clock.advance(10 * SECOND);
    // Nothing is left that would cost anything.
    expect(await cluster.values("servers")).toEqual([]);
    await cluster.open("ada", two);
    for (const server of [one, two]) {
      await server.presence.update(lobby, "bo", { isTyping: true });
      await cluster.clock.advance(30 * SECOND);
      expect(await cluster.values(lobby.path)).toEqual([expect.stringContaining('"ada"')]);
    }
  },

  async "is withdrawn as well if it is set when the last person has just left"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const bo = await cluster.open("bo", server);
    bo.client.close();
    await cluster.clock.advance(3 * SECOND);
    await server.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
  },

  async "that somebody has who comes a moment later stays"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    await one.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(5 * SECOND);
    const bo = await cluster.open("bo", two);
    await cluster.clock.advance(60 * SECOND);
    expect(bo.people.value).toMatchObject([{ viewer: "bo", state: { isTyping: true } }]);
  },

  async "that does not fit the contract is refused"({ expect }) {
    const cluster = new Cluster();
    const { presence } = cluster.start();
    await expect(presence.update(lobby, "bo", { isTyping: "yes" } as never)).rejects.toThrow(/state/);
  },
};
