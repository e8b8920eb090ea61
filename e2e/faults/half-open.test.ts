import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub, type Limits } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { createProxy } from "../tcp-proxy.ts";
import { chat } from "./served-chat.ts";

/** Milliseconds: the shortest that a hub has. */
const HEARTBEAT = 1_000;
const room = chat.room({ roomId: "lobby" });

/** A hub, a line to it that can go mute, and a client that is live over the line. */
async function start(limits: Partial<Limits> = {}) {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true, heartbeat: HEARTBEAT, limits });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const proxy = await createProxy(port);
  const client = createClient(chat, { url: `http://127.0.0.1:${proxy.port}/events` });
  onTestFinished(async () => {
    client.close();
    await proxy.close();
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  const texts: string[] = [];
  const gaps: string[] = [];
  client.subscribe(room, {
    message: ({ text }) => texts.push(text),
    onGap: ({ reason }) => gaps.push(reason),
  });
  const until = (isSo: () => boolean) => expect.poll(isSo, { timeout: 25 * HEARTBEAT, interval: 10 }).toBe(true);
  await until(() => client.status.value.state === "live");
  await hub.publish(room, "message", { text: "before" });
  await until(() => texts.length === 1);
  return { hub, server, proxy, client, texts, gaps, until };
}

test("a line that goes mute without an end is noticed by the client, which comes back and has missed nothing", async () => {
  const { hub, proxy, client, texts, gaps, until } = await start();
  proxy.mute();
  const muted = performance.now();
  await hub.publish(room, "message", { text: "meanwhile" });
  await until(() => client.status.value.state === "retrying");
  // 2.5 heartbeats after the last byte, which came up to one before.
  expect(performance.now() - muted).toBeGreaterThan(1.4 * HEARTBEAT);
  expect(client.status.value).toMatchObject({ reason: "timeout" });
  await until(() => client.status.value.state === "live");
  await hub.publish(room, "message", { text: "after" });
  await until(() => texts.length === 3);
  expect(texts).toEqual(["before", "meanwhile", "after"]);
  expect(gaps).toEqual([]);
}, 60_000);

test("a server gives a reader that has vanished without an end back at its max age, with the socket", async () => {
  const { hub, server, proxy, client, until } = await start({ maxAge: 3_000 });
  const sockets = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  proxy.mute();
  client.close();
  // Nothing tells the server: it goes on sending into the void.
  await hub.publish(room, "message", { text: "into the void" });
  expect([hub.stats().connections, await sockets()]).toEqual([1, 1]);
  await until(() => hub.stats().connections === 0);
  // The end of the stream is not answered either; the socket is destroyed.
  await expect.poll(sockets, { timeout: 60_000, interval: 50 }).toBe(0);
}, 90_000);
