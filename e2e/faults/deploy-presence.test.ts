import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { expectNobodyLeavesInDeployment } from "./presence/expect-nobody-leaves-in-deployment.ts";
import { Page } from "./presence/page.ts";
import { GONE, PATIENCE, startServers } from "./presence/servers.ts";

test(
  "a deployment shows nobody leaving: the old server gets SIGTERM while the new one is up",
  async () => {
    const { servers, start } = await startServers([await temporaryPath()]);
    let [old, other] = servers;
    const balancer = await createProxy(() => old.port);
    onTestFinished(() => balancer.close());
    const watcher = new Page("watcher", other.port);
    const names = ["ada", "bo", "cleo"];
    const pages = [watcher, ...names.map((viewer) => new Page(viewer, balancer.port))];
    for (const page of pages) {
      await expect.poll(() => page.names, GONE).toEqual([...names, "watcher"]);
      await expect.poll(() => page.crowd.value, GONE).toBe(4);
    }
    const before = watcher.people.value;
    for (const { changes } of pages) changes.length = 0;
    const numbers: number[] = [];
    watcher.crowd.subscribe((value) => numbers.push(value));

    for (let deploy = 0; deploy < 2; deploy++) {
      const former = old;
      const leases = new Set(watcher.servers);
      old = await start();
      expect(await former.stop()).toBe(0);
      // The new server has a lease, and that of the former one ends.
      await expect.poll(() => [...leases].every((each) => watcher.servers.has(each)), GONE).toBe(false);
      await expect.poll(() => pages.every(({ isLive }) => isLive), GONE).toBe(true);
    }
    for (const { changes } of pages) expect(changes).toEqual([]);
    expect(watcher.people.value).toEqual(before);
    expect([numbers, watcher.crowd.value]).toEqual([[], 4]);
  },
  PATIENCE,
);

test(
  "a rolling deployment of two servers shows nobody leaving: each gets SIGTERM while the next one is up",
  async () => expectNobodyLeavesInDeployment([await temporaryPath()]),
  PATIENCE,
);
