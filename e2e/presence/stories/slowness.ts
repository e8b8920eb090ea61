import { AppendError, memoryLog } from "@tidings/log";
import { wrapLog } from "@tidings/log/engine";
import { Cluster } from "../cluster.ts";
import { app, lobby } from "../contract.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

export const slowness: Stories = {
  async "goes on under another id: its people come back, and nothing of the former id is left"({ expect }) {
    const cluster = new Cluster();
    const [slow, other] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", other);
    await cluster.open("bo", slow);
    // Their stream lasts.
    slow.presence.connect({ viewerId: "cleo", addresses: [lobby] });
    const before = await cluster.values("servers");
    slow.isPaused = true;
    await cluster.clock.advance(40 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
    slow.isPaused = false;
    await cluster.clock.advance(2 * SECOND);
    expect(ada.names().toSorted()).toEqual(["ada", "bo", "cleo"]);
    await cluster.clock.advance(30 * SECOND);
    expect(ada.names().toSorted()).toEqual(["ada", "bo", "cleo"]);
    expect(await cluster.values(lobby.path)).toHaveLength(3);
    // Others may have believed that the former id is over, so it never comes back.
    const after = await cluster.values("servers");
    expect(after.filter((value) => before.includes(value))).toHaveLength(1);
    expect(after).toHaveLength(2);
    expect(slow.errors).toEqual([]);
  },

  async "whose log fails for a while says it, and goes on when the log is back"({ expect }) {
    const cluster = new Cluster();
    const [cutOff, other] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", other);
    await cluster.open("bo", cutOff);
    cutOff.isCutOff = true;
    await cluster.clock.advance(60 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
    expect(cutOff.errors.length).toBeGreaterThan(0);
    cutOff.isCutOff = false;
    await cluster.clock.advance(30 * SECOND);
    expect(ada.names()).toEqual(["ada", "bo"]);
  },

  async "whose renewal was stored without an answer keeps its id"({ expect }) {
    let isSilent = false;
    const cluster = new Cluster((clock) => {
      const log = memoryLog({ now: clock.now });
      return wrapLog(log, {
        append: (batch) => {
          const appended = log.append(batch);
          return isSilent ? new Promise(() => {}) : appended;
        },
      });
    });
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const [before] = await cluster.values("servers");
    isSilent = true;
    await cluster.clock.advance(9 * SECOND);
    isSilent = false;
    await cluster.clock.advance(60 * SECOND);
    expect(await cluster.values("servers")).toEqual([before]);
    expect(ada.changes).toEqual([]);
  },

  async "whose last person of an address has left while the log refused everything says so later"({ expect }) {
    let isFull = false;
    const cluster = new Cluster((clock) => {
      const log = memoryLog({ now: clock.now });
      return wrapLog(log, {
        append: async (batch) => {
          if (isFull) throw new AppendError("none", "The disk is full.");
          return log.append(batch);
        },
      });
    });
    const server = cluster.start();
    server.presence.connect({ viewerId: "ada", addresses: [app.people({ roomId: "a" })] });
    const bo = await cluster.open("bo", server);
    await cluster.clock.advance(SECOND);
    bo.client.close();
    isFull = true;
    await cluster.clock.advance(4 * SECOND);
    expect(server.errors).toHaveLength(1);
    isFull = false;
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
  },

  async "whose value was lost by the log publishes it again"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const [value = ""] = await cluster.values(lobby.path);
    const { server: id } = JSON.parse(value) as { server: string };
    await server.hub.clear(lobby, "here", `${id}/ada`);
    await cluster.clock.advance(20 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
  },

  async "does not care about the time of day"({ expect }) {
    const cluster = new Cluster((clock) => memoryLog({ now: clock.monotonic }));
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    await cluster.open("bo", two);
    for (const jump of [-HOUR, 2 * HOUR, -30 * HOUR, 100 * HOUR]) {
      cluster.clock.jump(jump);
      await cluster.clock.advance(60 * SECOND);
      expect([...ada.names()].sort()).toEqual(["ada", "bo"]);
    }
    expect(ada.changes).toEqual(["+bo"]);
  },
};
