import { createClient } from "@tidings/client";
import { createPresence } from "@tidings/client/presence";
import { describe, expect, onTestFinished, test } from "vitest";
import { server as postgres } from "../../packages/log-postgres/test/test-server.ts";
import { buildPresenceProgram } from "../build-program.ts";
import { app, hall, lobby } from "../presence/contract.ts";
import { createProxy } from "../tcp-proxy.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { ServerProcess } from "./server-process.ts";

/** The bar for those who were at a server that was killed is 30 seconds. A busy machine gets ten times as long. */
const GONE = { timeout: 300_000, interval: 100 };
const PATIENCE = 400_000;
const KILLS = 5;

/** A page of somebody in the lobby and in the hall. */
class Page {
  /** Who came and went, as `+ada` and `-ada`. */
  readonly changes: string[] = [];
  readonly people;
  readonly crowd;
  /** The servers whose leases hold. */
  readonly servers = new Set<string>();
  isLive = false;

  constructor(viewer: string, port: number) {
    const client = createClient(app, {
      url: `http://127.0.0.1:${port}/events`,
      headers: { "x-user": viewer },
      // A server that was killed answers nobody.
      onError: () => {},
    });
    onTestFinished(() => client.close());
    client.status.subscribe(({ state }) => void (this.isLive = state === "live"));
    client.subscribe(app.servers(), {
      alive: ({ server }) => this.servers.add(server),
      onClear: ({ key }) => this.servers.delete(key),
      onGap: () => this.changes.push("gap"),
    });
    const presence = createPresence(client, { contract: app, servers: app.servers() });
    this.people = presence.people(lobby, {
      onJoin: (person) => this.changes.push(`+${person.viewer}`),
      onLeave: (person) => this.changes.push(`-${person.viewer}`),
    });
    this.crowd = presence.count(hall);
  }

  get names(): readonly string[] {
    return this.people.value.map(({ viewer }) => viewer).toSorted();
  }
}

/** Logs that several servers share, by their name: what a server needs to open one. */
const logs = {
  SQLite: async () => [await temporaryPath()],
  PostgreSQL: async () => [postgres.url, postgres.newSchema()],
};

async function startServers(log: readonly string[]) {
  const program = await buildPresenceProgram();
  const start = (): Promise<ServerProcess> => ServerProcess.start(program, log);
  return { start, servers: [await start(), await start()] as const };
}

test(
  "the people of a server that was killed with kill -9 are gone for the readers of another one, and nobody else is",
  async () => {
    const { servers } = await startServers(await logs.SQLite());
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

/** Names of viewers who are not shown. */
const missing = (page: Page, expected: readonly string[]) => expected.filter((name) => !page.names.includes(name));

describe.each(Object.entries(logs))("on %s", (_, openLog) => {
  test(
    "of servers that are killed one after the other, only those are gone who do not come back, and the number is right",
    async () => {
      const { servers, start } = await startServers(await openLog());
      let [current, next] = servers;
      // Who is behind it comes back to a server that lives.
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
    },
    PATIENCE,
  );

  test(
    "a rolling deployment of two servers shows nobody leaving: each gets SIGTERM while the next one is up",
    async () => {
      const { servers, start } = await startServers(await openLog());
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
    },
    PATIENCE,
  );
});

test(
  "a deployment shows nobody leaving: the old server gets SIGTERM while the new one is up",
  async () => {
    const { servers, start } = await startServers(await logs.SQLite());
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
