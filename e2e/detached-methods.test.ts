import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@tidings/client";
import { createPresence as followPresence } from "@tidings/client/presence";
import { channel, defineContract } from "@tidings/contract";
import { countChannel, peopleChannel, serversChannel } from "@tidings/contract/presence";
import { memoryLog, type NewEntry, type TransactionalLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createParser } from "@tidings/protocol";
import { createHub, type Hub, type HubRequest } from "@tidings/server";
import { createPresence } from "@tidings/server/presence";
import { createTickets } from "@tidings/server/tickets";
import { createTestKit, MemoryNetwork, take, VirtualClock } from "@tidings/testing";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { lobby, testContract } from "../packages/contract/test/test-contract.ts";

/**
 * An object whose methods are called without it, as those of `const { subscribe } = client.status`, or of the option
 * `{ onConnect: presence.connect }`. The same holds for the objects among its members.
 */
function detached<Value extends object>(object: Value): Value {
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") {
        return typeof member === "object" && member !== null && name !== "value" ? detached(member) : member;
      }
      return (...given: readonly unknown[]): unknown => Reflect.apply(member, undefined, given);
    },
  });
}

const folder = await mkdtemp(join(tmpdir(), "tidings-"));
afterAll(() => rm(folder, { recursive: true }));

const limit = { entries: 10, bytes: 1_000 };
const entry: NewEntry = { channel: lobby.path, type: "message", mode: "reliable", data: "5" };

test.each([
  ["memoryLog", memoryLog],
  ["sqliteLog", () => sqliteLog(join(folder, "log.db"))],
])("each method of a log works without its object: %s", async (_, open) => {
  const log = detached(open());
  let rings = 0;
  const leave = log.watch(() => rings++);
  const start = await log.head();
  await log.append([entry]);
  if ("appendIn" in log) {
    // Without a handle of the database, it must say so, and not that something is undefined.
    const transactional = log as TransactionalLog<unknown>;
    await expect(transactional.appendIn(null, [entry])).rejects.not.toThrow(/undefined/);
  }
  expect((await log.read(start, null, limit)).entries).toHaveLength(1);
  expect((await log.recent([lobby.path], 5)).entries).toHaveLength(1);
  expect((await log.current([lobby.path], null, limit)).entries).toEqual([]);
  await log.setRules((await log.stat()).rules);
  await log.trim();
  leave();
  await log.close();
  expect(rings).toBeGreaterThan(0);
});

const app = defineContract({
  ...testContract,
  job: channel("jobs/:id", { line: z.string() }, { end: z.string() }),
  people: peopleChannel("people"),
  count: countChannel("count"),
  servers: serversChannel("servers"),
});

test("each method of a hub, its writers and loops, a client and a test kit works without its object", async () => {
  // The clients of a kit report its faults.
  const reported = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => reported.mockRestore());
  const kit = detached(await createTestKit(app));
  const { hub, client, network, clock } = kit;
  const heard: unknown[] = [];
  client.status.subscribe(({ state }) => heard.push(state));
  client.contract.subscribe(() => {});
  const subscription = detached(
    client.subscribe(lobby, { message: ({ text }) => heard.push(text), onGap: ({ reason }) => heard.push(reason) }),
  );
  subscription.status.subscribe(({ state }) => heard.push(`the subscription is ${state}`));
  const second = kit.connect();
  const loop = second.events(lobby);
  const items = hub.events(lobby);
  await clock.advance(1_000);
  const { id } = await hub.publish(lobby, "message", { text: "hi" });
  await hub.publishAll([]);
  expect(await take(items, 1)).toMatchObject([{ kind: "event" }]);
  expect(await take(loop, 1)).toMatchObject([{ data: { text: "hi" } }]);
  expect(await subscription.reached(id)).toBe(true);
  expect(heard).toEqual(["connecting", "live", "the subscription is live", "hi"]);
  expect((await client.history(lobby)).events).toHaveLength(1);

  const writer = detached(await hub.lease(app.job({ id: "a" }), { ttl: 5_000, aborted: "aborted" }));
  await writer.publish("line", "one");
  await hub.stop(app.job({ id: "a" }));
  await writer.end("done");
  const other = detached(await hub.lease(app.job({ id: "b" }), { ttl: 5_000, aborted: "aborted" }));
  await other.release();
  await hub.end(app.job({ id: "c" }), "done");

  for (const fault of ["drop", "stall", "resume", "duplicate", "swallow"] as const) network[fault]();
  await kit.restartServer();
  await kit.expireViewer();
  await hub.recheck({ viewer: "viewer" });
  await hub.disconnect({ address: lobby });
  expect(hub.stats().ring.head).toBe((await client.history(lobby)).cursor);
  client.reconnect();
  await clock.advance(60_000);
  await kit.expectNothingLost();
  subscription.close();
  second.close();
  client.close();
});

test("each method of presence works without its object, on the server as in the page", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const presence = detached(
    createPresence(
      {
        publish: (...given) => hub.publish(...given),
        clear: (...given) => hub.clear(...given),
        events: (...given) => hub.events(...given),
      },
      { contract: app, servers: app.servers(), clock },
    ),
  );
  const hub: Hub<typeof app> = createHub(app, {
    log: memoryLog({ now: clock.now }),
    authorize: () => true,
    onConnect: (...given) => presence.connect(...given),
    onDisconnect: (...given) => presence.disconnect(...given),
    clock,
  });
  network.listener = (request) => hub.handle(request);
  const client = createClient(app, { url: "http://app.test/events", fetch: network.fetch, clock });
  const followed = detached(followPresence(client, { contract: app, servers: app.servers(), clock }));
  const everybody = detached(followed.people(app.people()));
  const counted = detached(followed.count(app.count()));
  const heard: number[] = [];
  everybody.subscribe((list) => heard.push(list.length));
  const joining = createClient(app, { url: "http://app.test/events", fetch: network.fetch, clock });
  await clock.advance(5_000);
  const [viewer] = everybody.value.map((person) => person.viewer);
  await presence.update(app.people(), viewer ?? "", null);
  await clock.advance(5_000);
  expect([heard.at(-1), counted.value]).toEqual([1, 1]);
  counted.close();
  followed.close();
  joining.close();
  client.close();
  await clock.advance(5_000);
  const closed = presence.close();
  await clock.advance(5_000);
  await closed;
  await hub.close();
});

test("each method of tickets, a parser, a virtual clock and a network in memory works without its object", async () => {
  const tickets = detached(createTickets<{ id: string }>());
  const request = { url: `/events?ticket=${tickets.issue({ id: "ada" })}` } as HubRequest;
  expect(tickets.redeem(request)).toEqual({ id: "ada" });

  const events: string[] = [];
  const parser = detached(createParser({ onEvent: ({ data }) => events.push(data) }));
  parser.push(new TextEncoder().encode("data: 5\n\n"));
  expect(events).toEqual(["5"]);

  const clock = detached(new VirtualClock());
  const runs: string[] = [];
  clock.setTimeout(() => runs.push("timer"), 1_000);
  clock.defer(() => runs.push("deferred"));
  await clock.settle();
  await clock.advance(500);
  clock.sleep(500);
  clock.jump(5);
  await clock.settle();
  expect([runs, clock.monotonic()]).toEqual([["deferred", "timer"], 1_000]);
});
