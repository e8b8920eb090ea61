import { Cluster } from "../cluster.ts";
import { lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;

export const death: Stories = {
  async "takes its people with it within 30 seconds, for everybody at once, and others clear up after it"({ expect }) {
    for (const after of [0, 4_000, 7_999]) {
      const cluster = new Cluster();
      const [victim, survivor] = [cluster.start(), cluster.start()];
      const ada = await cluster.open("ada", survivor);
      for (const viewer of ["bo", "cleo", "dan"]) {
        const tab = await cluster.open(viewer, victim);
        await cluster.clock.advance(10);
        tab.people.close();
      }
      await cluster.clock.advance(after);
      expect(ada.names()).toEqual(["ada", "bo", "cleo", "dan"]);
      await victim.kill();
      await cluster.clock.advance(11 * SECOND);
      expect(ada.names()).toEqual(["ada", "bo", "cleo", "dan"]);
      await cluster.clock.advance(19 * SECOND);
      expect(ada.names()).toEqual(["ada"]);
      // All of them were gone in one step.
      expect(ada.seen.at(-2)).toEqual(["ada", "bo", "cleo", "dan"]);
      await cluster.clock.advance(20 * SECOND);
      expect(await cluster.values(lobby.path)).toHaveLength(1);
      expect(await cluster.values("servers")).toHaveLength(1);
    }
  },

  async "leaves nothing behind that the next server does not clear up, however often that happens"({ expect }) {
    const cluster = new Cluster();
    for (let round = 0; round < 5; round++) {
      const server = cluster.start();
      await cluster.open("ada", server);
      await server.presence.update(lobby, "ada", { isTyping: true });
      await cluster.clock.advance(60 * SECOND);
      await server.kill();
    }
    const server = cluster.start();
    const bo = await cluster.open("bo", server);
    await cluster.clock.advance(60 * SECOND);
    expect(bo.names()).toEqual(["bo"]);
    expect(await cluster.values(lobby.path)).toHaveLength(1);
  },
};
