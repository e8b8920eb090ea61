import { expect, onTestFinished } from "vitest";
import { createProxy } from "../../tcp-proxy.ts";
import { Page } from "./page.ts";
import { GONE, startServers } from "./servers.ts";

const KILLS = 5;

/** Names of viewers who are not shown. */
const missing = (page: Page, expected: readonly string[]) => expected.filter((name) => !page.names.includes(name));

/**
 * Of servers that are killed one after the other, only those are gone who do not come back, and the number is right.
 * @param log the arguments with which a server opens the log
 */
export async function expectRightPeopleAfterKills(log: readonly string[]): Promise<void> {
  const { servers, start } = await startServers(log);
  let [current, next] = servers;
  // Whoever is behind it comes back to a server that lives.
  const balancer = await createProxy(() => next.port);
  onTestFinished(() => balancer.close());
  const names = ["ada", "bo", "cleo"];
  const pages = names.map((viewer) => new Page(viewer, balancer.port));
  for (const page of pages) await expect.poll(() => page.names, GONE).toEqual(names);
  for (const { changes } of pages) changes.length = 0;
  const lost: string[] = [];
  let killedAt = 0;
  for (let round = 0; round < KILLS; round++) {
    // Somebody who knows only this server.
    const name = `lost ${round}`;
    const page = new Page(name, current.port);
    lost.push(name);
    for (const each of pages) await expect.poll(() => missing(each, [...names, name]), GONE).toEqual([]);
    await expect.poll(() => page.isLive, GONE).toBe(true);
    // The other one goes on; the next one comes up while this one dies.
    const [former] = [current];
    current = next;
    next = await start();
    // The others are at the server that dies in the next round.
    await former.kill();
    killedAt = performance.now();
  }
  for (const page of pages) await expect.poll(() => page.names, GONE).toEqual(names);
  const time = Math.round(performance.now() - killedAt);
  console.log(`the people of the last one are gone ${time} ms after its kill`);
  for (const page of pages) {
    await expect.poll(() => page.crowd.value, GONE).toBe(names.length);
    const left = page.changes.filter((change) => change.startsWith("-")).toSorted();
    expect(left).toEqual(lost.map((name) => `-${name}`));
    expect(page.changes).not.toContain("gap");
  }
  // What the dead ones have said is cleared up.
  await expect.poll(() => pages[0]?.servers.size, GONE).toBeLessThanOrEqual(2);
}
