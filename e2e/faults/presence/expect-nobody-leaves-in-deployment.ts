import { expect, onTestFinished } from "vitest";
import { createProxy } from "../../tcp-proxy.ts";
import { Page } from "./page.ts";
import { GONE, startServers } from "./servers.ts";

/** A rolling deployment of two servers shows nobody leaving: each gets SIGTERM while the next one is up. */
export async function expectNobodyLeavesInDeployment(log: readonly string[]): Promise<void> {
  const { servers, start } = await startServers(log);
  const live = [...servers];
  let connections = 0;
  const balancer = await createProxy(() => live[connections++ % live.length]?.port ?? 0);
  onTestFinished(() => balancer.close());
  const names = ["ada", "bo", "cleo", "dan"];
  // One of them has two tabs, which may be at two servers.
  const pages = [...names, "dan"].map((viewer) => new Page(viewer, balancer.port));
  for (const page of pages) await expect.poll(() => page.names, GONE).toEqual(names);
  const [watcher] = pages;
  await expect.poll(() => watcher?.crowd.value, GONE).toBeGreaterThanOrEqual(names.length);
  const before = watcher?.people.value;
  for (const { changes } of pages) changes.length = 0;
  const numbers: number[] = [];
  for (const { crowd } of pages) crowd.subscribe((value) => numbers.push(value));

  for (const former of servers) {
    live.push(await start());
    live.splice(live.indexOf(former), 1);
    expect(await former.stop()).toBe(0);
    await expect.poll(() => pages.every(({ isLive }) => isLive), GONE).toBe(true);
  }
  // The leases of the former ones end.
  for (const { servers: leases } of pages) await expect.poll(() => leases.size, GONE).toBeLessThanOrEqual(2);
  for (const { changes } of pages) expect(changes).toEqual([]);
  expect(watcher?.people.value).toEqual(before);
  // A viewer with tabs at two servers counts twice.
  for (const number of numbers) expect([4, 5]).toContain(number);
}
