import { Cluster } from "../cluster.ts";
import { lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

export const longAbsence: Stories = {
  async "a killed server leaves no value for longer than a day, even where nobody comes any more"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    await server.presence.update(lobby, "ada", { isTyping: true });
    const other = cluster.start({ shortestTimer: 60 * SECOND });
    await server.kill();
    ada.client.close();
    await cluster.clock.advance(DAY - 10 * SECOND);
    expect(await cluster.values(lobby.path)).toHaveLength(2);
    await cluster.clock.advance(20 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
    expect(other.hub.stats().connections).toBe(0);
  },
};

export const longStay: Stories = {
  async "somebody who stays is not forgotten after a day, nor is their state"({ expect }) {
    const cluster = new Cluster();
    // Less than the time for which a lease holds: 20 seconds.
    const server = cluster.start({ shortestTimer: 12 * SECOND });
    const bo = await cluster.open("bo", server);
    await server.presence.update(lobby, "bo", { isTyping: true });
    const since = cluster.clock.now();
    await cluster.clock.advance(DAY + 60 * SECOND);
    expect(bo.people.value).toEqual([{ viewer: "bo", since, state: { isTyping: true } }]);
    expect(bo.seen).toEqual([["bo"]]);
    expect(bo.changes).toEqual([]);
  },
};
