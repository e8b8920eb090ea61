import { expect, test } from "vitest";
import { temporaryPath } from "../temporary-folder.ts";
import { expectRightPeopleAfterKills } from "./presence/expect-right-people-after-kills.ts";
import { Page } from "./presence/page.ts";
import { GONE, PATIENCE, startServers } from "./presence/servers.ts";

test(
  "the people of a server that was killed with kill -9 are gone for the readers of another one, and nobody else is",
  async () => {
    const { servers } = await startServers([await temporaryPath()]);
    const [victim, survivor] = servers;
    const ada = new Page("ada", survivor.port);
    const staying = [ada, new Page("dan", survivor.port), new Page("eve", survivor.port)];
    // One of them has a tab at the server that dies, too.
    const leaving = ["bo", "cleo", "eve"].map((viewer) => new Page(viewer, victim.port));
    const everybody = ["ada", "bo", "cleo", "dan", "eve"];
    for (const page of [...staying, ...leaving]) await expect.poll(() => page.names, GONE).toEqual(everybody);
    for (const { changes } of staying) changes.length = 0;
    const shown: string[] = [];
    ada.people.subscribe(() => shown.push(ada.names.join(" ")));
    await expect.poll(() => ada.servers.size, GONE).toBe(2);
    await expect.poll(() => ada.crowd.value, GONE).toBe(6);

    const killedAt = performance.now();
    await victim.kill();
    for (const page of staying) await expect.poll(() => page.names, GONE).toEqual(["ada", "dan", "eve"]);
    console.log(`its people are gone ${Math.round(performance.now() - killedAt)} ms after the kill`);
    for (const page of staying) {
      expect(page.changes.toSorted()).toEqual(["-bo", "-cleo"]);
      await expect.poll(() => page.crowd.value, GONE).toBe(3);
    }
    // All of them in one step.
    expect(shown.filter((names) => names !== everybody.join(" "))).toEqual(["ada dan eve"]);
    // The other server clears up what the dead one has said.
    await expect.poll(() => ada.servers.size, GONE).toBe(1);
  },
  PATIENCE,
);

test(
  "of servers that are killed one after the other, only those are gone who do not come back, and the number is right",
  async () => expectRightPeopleAfterKills([await temporaryPath()]),
  PATIENCE,
);
