import { createPresence } from "@tidings/client/presence";
import { Cluster } from "../cluster.ts";
import { app, lobby } from "../contract.ts";
import { SlowClient } from "../slow-client.ts";
import type { Stories } from "./story.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;

export const people: Stories = {
  async "everybody who follows an address, each once, and everybody sees it at once"({ expect }) {
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
  },

  async "who comes learns of those who were there without being told that they have come"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    for (let index = 0; index < 50; index++) await cluster.open(`person ${index}`, server);
    const ada = await cluster.open("ada", server);
    expect(ada.names()).toHaveLength(51);
    expect(ada.changes).toEqual([]);
    await cluster.open("bo", server);
    expect(ada.changes).toEqual(["+bo"]);
  },

  async "nobody has come for a reader who gets to know the servers last"({ expect }) {
    const client = new SlowClient();
    const clock = new Cluster().clock;
    const presence = createPresence(client, { contract: app, servers: app.servers(), clock });
    const joined: string[] = [];
    const everybody = presence.people(lobby, { onJoin: ({ viewer }) => joined.push(viewer) });
    client.bring(lobby, "here", { viewer: "ada", server: "one", since: 1 });
    client.begin(lobby);
    await clock.advance(SECOND);
    client.bring(app.servers(), "alive", { server: "one" });
    client.begin(app.servers());
    await clock.advance(SECOND);
    expect([everybody.value.length, joined]).toEqual([1, []]);
    client.bring(lobby, "here", { viewer: "bo", server: "one", since: 2 });
    await clock.advance(SECOND);
    expect([everybody.value.length, joined]).toEqual([2, ["bo"]]);
  },

  async "several tabs are one person, who leaves three seconds after the last one"({ expect }) {
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
  },

  async "what comes again and says the same calls nobody, and the list stays the same object"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    await server.presence.update(lobby, "ada", { isTyping: true });
    await cluster.clock.advance(SECOND);
    const calls: unknown[] = [];
    ada.people.subscribe((shown) => calls.push(shown));
    const before = ada.people.value;
    // Another server, where nobody is.
    const other = cluster.start();
    await cluster.clock.advance(SECOND);
    // The same state once more.
    await server.presence.update(lobby, "ada", { isTyping: true });
    await cluster.clock.advance(SECOND);
    await other.close();
    await cluster.clock.advance(HOUR);
    expect(calls).toEqual([]);
    expect(ada.people.value).toBe(before);
    await server.presence.update(lobby, "ada", { isTyping: false });
    await cluster.clock.advance(SECOND);
    expect(calls).toMatchObject([[{ viewer: "ada", state: { isTyping: false } }]]);
  },

  async "a connection that flaps publishes nothing, so nobody sees anybody leave"({ expect }) {
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
  },

  async "somebody at two servers is one person until both know them no longer, since the first moment"({ expect }) {
    const cluster = new Cluster();
    const [one, two] = [cluster.start(), cluster.start()];
    const ada = await cluster.open("ada", one);
    const first = await cluster.open("bo", one);
    const { now } = cluster.clock;
    const since = now();
    await cluster.clock.advance(5 * SECOND);
    const second = await cluster.open("bo", two);
    expect(ada.names()).toEqual(["ada", "bo"]);
    expect(ada.people.value[1]).toEqual({ viewer: "bo", since, state: null });
    await cluster.clock.advance(20 * SECOND);
    first.client.close();
    await cluster.clock.advance(30 * SECOND);
    expect(ada.people.value[1]).toEqual({ viewer: "bo", since, state: null });
    second.client.close();
    await cluster.clock.advance(3 * SECOND);
    expect(ada.changes).toEqual(["+bo", "-bo"]);
  },

  async "whoever only watches is not there"({ expect }) {
    const cluster = new Cluster();
    const server = cluster.start();
    const ada = await cluster.open("ada", server);
    server.presence.connect({ viewerId: "watcher", addresses: [] });
    await cluster.clock.advance(SECOND);
    expect(ada.names()).toEqual(["ada"]);
  },
};
