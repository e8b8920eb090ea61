import { createClient } from "@tidings/client";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { visit } from "../chat.ts";
import { serveHub } from "../serve-hub.ts";
import { startTestChat } from "../start-test-chat.ts";
import { temporaryPath } from "../temporary-folder.ts";

/** Names that every object or function has, and names that promises, modules and JSON look for. */
const NAMES = [
  ...new Set([
    ...Object.getOwnPropertyNames(Object.prototype),
    ...Object.getOwnPropertyNames(Function.prototype),
    ...["prototype", "then", "default", "toJSON", "size", "0", "-1", "NaN", "null", "undefined"],
  ]),
];
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
  sqliteLog: async () => sqliteLog(await temporaryPath()),
};

test.each(Object.entries(logs))(
  "channels, events, params and keys may have the name of any object property: %s",
  async (_, open) => {
    const hub = createHub(contract, { log: await open(), authorize: () => true, onLog: () => {} });
    const port = await serveHub(hub);
    const client = createClient(contract, { url: `http://127.0.0.1:${port}/events` });
    onTestFinished(() => client.close());
    const before = Object.getOwnPropertyNames(Object.prototype);
    const received: string[] = [];
    for (const name of NAMES) {
      client.subscribe(contract.hasOwnProperty({ valueOf: name, constructor: name }), {
        onGap: () => expect.fail("Expected no gap."),
        __defineGetter__: ({ key }) => void received.push(key),
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
    const channels = NAMES.map((name) => `${JSON.stringify(`constructor/${name}`)}:null`);
    const posted = await fetch(`http://127.0.0.1:${port}/events?last=100`, {
      method: "POST",
      headers: { accept: "application/json" },
      body: `{"__proto__":{"channels":{"x":null}},"constructor":1,"channels":{${channels.join()}}}`,
    });
    expect(((await posted.json()) as { events: unknown[] }).events).toHaveLength(NAMES.length);

    await expect.poll(() => received.length, { timeout: 10_000 }).toBe(NAMES.length);
    expect(received.toSorted()).toEqual(NAMES.toSorted());
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  },
);

test("people, rooms, topics, messages and keys of the chat may have the name of any object property", async () => {
  const { url } = await startTestChat();
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
