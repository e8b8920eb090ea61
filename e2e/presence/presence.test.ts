import { memoryLog } from "@tidings/log";
import { describe, expect, test } from "vitest";
import { wrapLog } from "../wrap-log.ts";
import { app, Cluster, hall, lobby } from "./cluster.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

describe("who is there", () => {
  test("everybody who follows an address, each once, and everybody sees it at once", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    await cluster.clock.advance(SECOND);
    const bo = await cluster.open("bo", server);
    for (const tab of [ada, bo]) expect(tab.names()).toEqual(["ada", "bo"]);
    expect([ada.people.value[0]?.since, ada.people.value[1]?.since]).toEqual([
      cluster.clock.now() - SECOND,
      cluster.clock.now(),
    ]);
  });

  test("who comes learns of those who were there without being told that they have come", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    for (let index = 0; index < 50; index++) await cluster.open(`person ${index}`, server);
    const ada = await cluster.open("ada", server);
    expect(ada.names()).toHaveLength(51);
    expect(ada.changes).toEqual([]);
    await cluster.open("bo", server);
    expect(ada.changes).toEqual(["+bo"]);
  });

  test("several tabs are one person, who leaves three seconds after the last one", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const tabs = [await cluster.open("bo", server), await cluster.open("bo", server)];
    tabs[0]?.client.close();
    await cluster.clock.advance(60 * SECOND);
    expect(ada.names()).toEqual(["ada", "bo"]);
    tabs[1]?.client.close();
    await cluster.clock.advance(2_999);
    expect(ada.names()).toEqual(["ada", "bo"]);
    await cluster.clock.advance(1);
    expect(ada.names()).toEqual(["ada"]);
    expect(ada.changes).toEqual(["+bo", "-bo"]);
    expect(await cluster.values(lobby.path)).toHaveLength(1);
  });

  test("a connection that flaps publishes nothing, so nobody sees anybody leave", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const bo = await cluster.open("bo", server);
    const before = await cluster.seq();
    for (let flap = 0; flap < 3; flap++) {
      bo.client.close();
      await cluster.clock.advance(1_500);
      const again = await cluster.open("bo", server);
      again.client.close();
      await cluster.clock.advance(500);
    }
    await cluster.open("bo", server);
    // Six seconds and a half: no renewal was due.
    expect(await cluster.seq()).toBe(before);
    expect(ada.changes).toEqual(["+bo"]);
  });

  test("somebody at two servers is one person until both know them no longer, since the first moment", async () => {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    const first = await cluster.open("bo", one);
    const { now } = cluster.clock;
    const since = now();
    await cluster.clock.advance(5 * SECOND);
    const second = await cluster.open("bo", two);
    expect(ada.names()).toEqual(["ada", "bo"]);
    await cluster.clock.advance(20 * SECOND);
    first.client.close();
    await cluster.clock.advance(30 * SECOND);
    expect(ada.people.value[1]).toEqual({ viewer: "bo", since, state: null });
    second.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(ada.changes).toEqual(["+bo", "-bo"]);
  });

  test("who only watches is not there", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    server.presence.connect({ viewer: { id: "watcher" }, addresses: [] });
    await cluster.clock.advance(SECOND);
    expect(ada.names()).toEqual(["ada"]);
  });
});

describe("the state of a person", () => {
  test("is one for all tabs, can be set at any server, outlives a server, and goes with the person", async () => {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", two);
    const bo = await cluster.open("bo", one);
    await one.presence.update(lobby, "bo", { isTyping: false });
    await two.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.settle();
    expect(ada.people.value[1]).toMatchObject({ viewer: "bo", state: { isTyping: true } });
    bo.moveTo(two);
    await one.kill();
    await cluster.clock.advance(60 * SECOND);
    expect(ada.people.value[1]).toMatchObject({ viewer: "bo", state: { isTyping: true } });
    bo.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
    expect(await cluster.values(lobby.path)).toHaveLength(1);
  });

  test("is withdrawn later if both servers of the person believe that the other one still has them", async () => {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    await cluster.open("ada", two);
    const tabs = [await cluster.open("bo", one), await cluster.open("bo", two)];
    await one.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.advance(SECOND);
    for (const tab of tabs) tab.client.close();
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([expect.stringContaining('"ada"')]);
  });

  test("that does not fit the contract is refused", async () => {
    const cluster = new Cluster();
    const { presence } = cluster.start();
    await expect(presence.update(lobby, "bo", { isTyping: "yes" } as never)).rejects.toThrow(/state/);
  });
});

describe("a server that dies", () => {
  test("takes its people with it within 30 seconds, for everybody at once, and others clear up after it", async () => {
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
  });

  test("leaves nothing behind that the next server does not clear up, however often that happens", async () => {
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
  });

  test("leaves no value for longer than a day, even where nobody comes any more", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    await cluster.open("ada", server);
    await server.presence.update(lobby, "ada", { isTyping: true });
    const other = cluster.start();
    await server.kill();
    await cluster.clock.advance(24 * HOUR + 10 * SECOND);
    expect(await cluster.values(lobby.path)).toEqual([]);
    expect(other.hub.stats().connections).toBe(0);
  });

  test("somebody who stays is not forgotten after a day, nor is their state", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const bo = await cluster.open("bo", server);
    await server.presence.update(lobby, "bo", { isTyping: true });
    const since = cluster.clock.now();
    await cluster.clock.advance(30 * HOUR);
    expect(bo.people.value).toEqual([{ viewer: "bo", since, state: { isTyping: true } }]);
    expect(bo.changes).toEqual([]);
  }, 120_000);
});

describe("a server that was only slow", () => {
  test("goes on under another id: its people come back, and nothing of the former id is left", async () => {
    const cluster = new Cluster();
    const [slow, other] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", other);
    await cluster.open("bo", slow);
    const before = await cluster.values("servers");
    slow.isPaused = true;
    await cluster.clock.advance(40 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
    slow.isPaused = false;
    await cluster.clock.advance(30 * SECOND);
    expect(ada.names()).toEqual(["ada", "bo"]);
    expect(await cluster.values(lobby.path)).toHaveLength(2);
    // Others may have believed that the former id is over, so it never comes back.
    const after = await cluster.values("servers");
    expect(after.filter((value) => before.includes(value))).toHaveLength(1);
    expect(after).toHaveLength(2);
    expect(slow.errors).toEqual([]);
  });

  test("whose log fails for a while says it, and goes on when the log is back", async () => {
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
  });

  test("whose renewal was stored without an answer keeps its id", async () => {
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
  });

  test("whose value was lost by the log publishes it again", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    const [value = ""] = await cluster.values(lobby.path);
    const { server: id } = JSON.parse(value) as { server: string };
    await server.hub.clear(lobby, "here", `${id}/ada`);
    await cluster.clock.advance(20 * SECOND);
    expect(ada.names()).toEqual(["ada"]);
  });

  test("does not care about the time of day", async () => {
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
  });
});

describe("a deployment", () => {
  test.each([
    ["closes presence first", true],
    ["only closes the hub", false],
  ])("that %s shows nobody leaving, and keeps since when and what", async (_, closesPresence) => {
    const cluster = new Cluster();
    let server = cluster.start();
    const tabs = [await cluster.open("ada", server)];
    await cluster.clock.advance(SECOND);
    tabs.push(await cluster.open("bo", server), await cluster.open("bo", server));
    await server.presence.update(lobby, "bo", { isTyping: true });
    await cluster.clock.settle();
    const before = tabs[0]?.people.value;
    for (let deploy = 0; deploy < 3; deploy++) {
      const next = cluster.start();
      for (const tab of tabs) tab.moveTo(next);
      if (closesPresence) await server.close();
      else await server.hub.close();
      await cluster.clock.advance(60 * SECOND);
      server = next;
    }
    for (const tab of tabs) expect(tab.people.value).toEqual(before);
    for (const tab of tabs) expect(tab.changes.filter((change) => change.startsWith("-"))).toEqual([]);
    expect(await cluster.values(lobby.path)).toHaveLength(3);
    expect(await cluster.values("servers")).toHaveLength(1);
    expect(server.errors).toEqual([]);
  });

  test("with a log in memory shows nobody leaving either, although the log is another one", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const [ada, bo] = [await cluster.open("ada", server), await cluster.open("bo", server)];
    const other = new Cluster(() => memoryLog({ now: cluster.clock.now }));
    Object.assign(other, { clock: cluster.clock });
    const next = other.start();
    for (const tab of [ada, bo]) tab.moveTo(next);
    await server.close();
    await cluster.clock.advance(60 * SECOND);
    for (const tab of [ada, bo]) expect([...tab.names()].sort()).toEqual(["ada", "bo"]);
    expect(ada.changes).toEqual(["+bo"]);
  });

  test("leaves no timer and no loop behind", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    for (const viewer of ["ada", "bo"]) {
      server.presence.connect({ viewer: { id: viewer }, addresses: [lobby, hall] });
    }
    await cluster.clock.advance(11 * SECOND);
    server.presence.disconnect({ viewer: { id: "ada" }, addresses: [lobby, hall] });
    await server.close();
    await server.presence.close();
    expect(cluster.clock.pending).toBe(0);
    expect(cluster.clock.pending).toBe(0);
  });
});

describe("a gap", () => {
  test("in which withdrawals were lost makes nobody flicker, and who has left is gone", async () => {
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
  });
});

describe("bounds", () => {
  test("a server shows so many people of an address, and the next one when somebody has left", async () => {
    const cluster = new Cluster();
    const server = cluster.start({ mostPeople: 3 });
    const tabs = [];
    for (const viewer of ["ada", "bo", "cleo", "dan", "eve"]) tabs.push(await cluster.open(viewer, server));
    expect(tabs[4]?.names()).toEqual(["ada", "bo", "cleo"]);
    tabs[3]?.client.close();
    tabs[1]?.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(tabs[4]?.names()).toEqual(["ada", "cleo", "eve"]);
  });

  test("a server says it of so many addresses", async () => {
    const cluster = new Cluster();
    const { presence } = cluster.start({ mostAddresses: 2 });
    for (const roomId of ["a", "b", "c"]) {
      presence.connect({ viewer: { id: "ada" }, addresses: [app.people({ roomId })] });
    }
    await cluster.clock.advance(SECOND);
    const values = await Promise.all(["a", "b", "c"].map((roomId) => cluster.values(app.people({ roomId }).path)));
    expect(values.map(({ length }) => length)).toEqual([1, 1, 0]);
  });

  test("nothing is published while nobody is there, and the next person begins again", async () => {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    ada.client.close();
    await cluster.clock.advance(60 * SECOND);
    const before = await cluster.seq();
    expect(await cluster.values("servers")).toEqual([]);
    await cluster.clock.advance(HOUR);
    expect(await cluster.seq()).toBe(before);
    const bo = await cluster.open("bo", server);
    await cluster.clock.advance(60 * SECOND);
    expect(bo.names()).toEqual(["bo"]);
  });
});

describe("only the number", () => {
  test("is the sum over the servers, at most one value a second and server", async () => {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    const crowd = ada.crowd();
    await cluster.clock.advance(2 * SECOND);
    expect(crowd.value).toBe(1);
    const before = await cluster.seq();
    for (let index = 0; index < 200; index++) {
      const server = index % 2 === 0 ? one : two;
      server.presence.connect({ viewer: { id: `person ${index}` }, addresses: [hall] });
      await cluster.clock.advance(10);
    }
    await cluster.clock.advance(SECOND);
    expect(crowd.value).toBe(201);
    // Two seconds: three numbers of each server at most, and the leases.
    expect((await cluster.seq()) - before).toBeLessThanOrEqual(2 * 4 + 2);
    await two.kill();
    await cluster.clock.advance(30 * SECOND);
    expect(crowd.value).toBe(101);
    await cluster.clock.advance(30 * SECOND);
    expect(await cluster.values(hall.path)).toHaveLength(1);
  });

  test("goes down to nothing, and leaves nothing behind", async () => {
    const cluster = new Cluster();
    const { presence } = cluster.start();
    presence.connect({ viewer: { id: "ada" }, addresses: [hall] });
    await cluster.clock.advance(60 * SECOND);
    expect(await cluster.values(hall.path)).toHaveLength(1);
    presence.disconnect({ viewer: { id: "ada" }, addresses: [hall] });
    await cluster.clock.advance(60 * SECOND);
    expect(await cluster.values(hall.path)).toEqual([]);
  });
});

describe("what it costs", () => {
  test.each([200, 400, 800])("%i people: one lease per server, and nothing per person", async (count) => {
    const cluster = new Cluster();
    const servers = [cluster.start({ mostPeople: 1_000 }), cluster.start({ mostPeople: 1_000 })];
    const begun = await cluster.seq();
    for (let index = 0; index < count; index++) {
      servers[index % 2]?.presence.connect({ viewer: { id: `person ${index}` }, addresses: [lobby] });
    }
    const [server] = servers;
    if (server === undefined) throw new Error("Expected a server.");
    const watcher = await cluster.open("watcher", server);
    await cluster.clock.settle();
    // One value for each person, the watcher among them, and one lease for each server.
    expect((await cluster.seq()) - begun).toBe(count + 1 + servers.length);
    expect(watcher.names()).toHaveLength(count + 1);

    const [entries, bytes] = [await cluster.seq(), watcher.bytes()];
    await cluster.clock.advance(80 * SECOND);
    // In 80 seconds each server has renewed its lease ten times: no entry and no byte depends on the number of people.
    expect((await cluster.seq()) - entries).toBe(10 * servers.length);
    expect(watcher.bytes() - bytes).toBeLessThan(4_000);

    // One change costs every reader one event.
    const before = { entries: await cluster.seq(), bytes: watcher.bytes() };
    server.presence.connect({ viewer: { id: "another" }, addresses: [lobby] });
    await cluster.clock.settle();
    expect((await cluster.seq()) - before.entries).toBe(1);
    expect(watcher.bytes() - before.bytes).toBeLessThan(200);
    expect(watcher.seen.at(-1)).toHaveLength(count + 2);
  });
});
