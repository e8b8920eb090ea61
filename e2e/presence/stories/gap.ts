import { memoryLog } from "@tidings/log";
import { Cluster } from "../cluster.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;

export const gap: Stories = {
  async "in which withdrawals were lost makes nobody flicker, and whoever has left is gone"({ expect }) {
    const cluster = new Cluster((clock) => memoryLog({ now: clock.now, keep: { entries: 0, age: 0 }, burst: 0 }));
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const bo = await cluster.open("bo", server);
    const cleo = await cluster.open("cleo", server);
    const dan = await cluster.open("dan", server);
    const goOnline = ada.goOffline();
    for (const tab of [bo, cleo]) tab.client.close();
    await cluster.clock.advance(30 * SECOND);
    goOnline();
    await cluster.clock.advance(60 * SECOND);
    expect(ada.names()).toEqual(["dan", "ada"]);
    expect(ada.gaps()).toBeGreaterThan(0);
    expect(ada.changes.filter((change) => change === "-dan")).toEqual([]);
    expect(dan.names()).toEqual(["dan", "ada"]);
  },
};
