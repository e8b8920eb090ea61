import { Cluster } from "../cluster.ts";
import { lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

export const longStay: Stories = {
  async "a killed server leaves no value for longer than a day, even where nobody comes any more"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    await cluster.open("ada", server);
    await server.presence.update(lobby, "ada", { isTyping: true });
    const other = cluster.start();
    await server.kill();
    await cluster.clock.advance(24 * HOUR + 10 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
    expect(other.hub.stats().connections).toBe(0);
  },

  async "somebody who stays is not forgotten after a day, nor is their state"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const bo = await cluster.open("bo", server);
    await server.presence.update(lobby, "bo", { isTyping: true });
    const since = cluster.clock.now();
    await cluster.clock.advance(30 * HOUR);
    expect(bo.people.value).toEqual([{ viewer: "bo", since, state: { isTyping: true } }]);
    expect(bo.changes).toEqual([]);
  },
};
