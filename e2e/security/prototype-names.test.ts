import { createClient } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { startChat, visit } from "../chat.ts";
import { freshFolder } from "../fresh-folder.ts";
import { servers } from "../wire/servers.ts";

/** What every object has, or once had, and what promises and modules look for. */
const NAMES = [
  ...new Set([
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Function.prototype),
    ...["prototype", "then", "default", "toJSON", "size", "0", "-1", "NaN", "null", "undefined"],
  ]),
];
const [node] = servers;
const Keyed = z.object({ key: z.string(), text: z.string() });

const contract = defineContract({
  constructor: channel("constructor/:toString", {
    constructor: Keyed,
    valueOf: latest(Keyed, { key: ({ key }) => key }),
    toString: Keyed,
  }),
  hasOwnProperty: channel("hasOwnProperty/:valueOf/:constructor", { __defineGetter__: Keyed }),
});

const logs = {
  memoryLog: () => memoryLog(),
  sqliteLog: async () => sqliteLog(`${await freshFolder()}/log.db`),
};

test.each(Object.entries(logs))(
  "channels, events, params and keys may have any name that an object has: %s",
  async (_, open) => {
    const hub = createHub(contract, { log: await open(), authorize: () => true, onLog: () => {} });
    const { port, close } = (await node?.serve(hub)) ?? expect.fail("Expected a server.");
    onTestFinished(async () => {
      await hub.close();
      await close();
    });
    const client = createClient(contract, { url: `http://127.0.0.1:${port}/events` });
    onTestFinished(() => client.close());
    const before = Object.getOwnPropertyNames(Object.prototype);
    const told: string[] = [];
    for (const name of NAMES) {
      client.subscribe(contract.hasOwnProperty({ valueOf: name, constructor: name }), {
        onGap: () => expect.fail("Expected no gap."),
        __defineGetter__: ({ key }) => void told.push(key),
      });
    }
    await expect.poll(() => hub.stats().channels, { timeout: 10_000 }).toBe(NAMES.length);
    for (const name of NAMES) {
      const address = contract.constructor({ toString: name });
      await hub.publish(address, "constructor", { key: name, text: name }, { idempotencyKey: name });
      expect(
        await hub.publish(address, "constructor", { key: name, text: "again" }, { idempotencyKey: name }),
      ).toMatchObject({ duplicate: true });
      await hub.publish(address, "valueOf", { key: name, text: name });
      await hub.publish(contract.hasOwnProperty({ valueOf: name, constructor: name }), "__defineGetter__", {
        key: name,
        text: name,
      });
    }
    const query = NAMES.map((name) => `channel=constructor/${encodeURIComponent(name)}@now`).join("&");
    const response = await fetch(`http://127.0.0.1:${port}/events?${query}`, {
      headers: { accept: "application/json" },
    });
    const { events } = (await response.json()) as { events: { channel: string; data: { key: string } }[] };
    expect(events.map(({ channel: path, data }) => [path, data.key])).toEqual(
      NAMES.map((name) => [`constructor/${name}`, name]),
    );
    const posted = await fetch(`http://127.0.0.1:${port}/events?last=100`, {
      method: "POST",
      headers: { accept: "application/json" },
      body: `{"__proto__":{"channels":{"x":null}},"constructor":1,"channels":{${NAMES.map((name) => `${JSON.stringify(`constructor/${name}`)}:null`).join()}}}`,
    });
    expect(((await posted.json()) as { events: unknown[] }).events).toHaveLength(NAMES.length);

    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(NAMES.length);
    expect(told.toSorted()).toEqual(NAMES.toSorted());
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  },
);

test("people, rooms, topics, messages and keys of the chat may have any name that an object has", async () => {
  const { server, url } = await startChat();
  onTestFinished(() => server.close());
  for (const name of NAMES) {
    const visitor = await visit(url, name);
    const created = await visitor.request("POST", "/api/rooms", { name });
    expect([200, 201], name).toContain(created.status);
    const { room } = (await created.json()) as { room: { id: string; name: string } };
    const body = { text: `@${name} ${name}`, idempotencyKey: name };
    const answers = [
      await visitor.request("POST", `/api/rooms/${room.id}/messages`, body),
      await visitor.request("POST", `/api/rooms/${room.id}/messages`, body),
    ];
    const [first, again] = await Promise.all(answers.map((answer) => answer.json()));
    expect(first, name).toMatchObject({ message: { author: name, text: body.text, mentions: [name] } });
    expect(again).toEqual(first);
    expect((await visitor.request("PUT", `/api/rooms/${room.id}/topic`, { text: name })).status).toBe(200);
    expect((await visitor.request("GET", "/api/rooms/__proto__")).status).toBe(404);
    await visitor.look();
  }
});
