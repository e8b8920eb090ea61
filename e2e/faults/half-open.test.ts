import { createServer } from "node:http";
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub, type Limits } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { createProxy } from "../tcp-proxy.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";

/** Milliseconds: the shortest interval that a hub allows. */
const HEARTBEAT = 1_000;

/** A hub behind a proxy, and a client that is live through the proxy. */
async function start(limits: Partial<Limits> = {}) {
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, heartbeat: HEARTBEAT, limits });
  const server = createServer(toNodeHandler(hub));
  const proxy = await createProxy(await serveHub(hub, () => listen(server)));
  const client = createClient(testContract, { url: `http://127.0.0.1:${proxy.port}/events` });
  onTestFinished(async () => {
    client.close();
    await proxy.close();
  });
  const texts: string[] = [];
  const gaps: string[] = [];
  client.subscribe(lobby, {
    message: ({ text }) => texts.push(text),
    onGap: ({ reason }) => gaps.push(reason),
  });
  const until = (isTrue: () => boolean) => expect.poll(isTrue, { timeout: 25 * HEARTBEAT, interval: 10 }).toBe(true);
  await until(() => client.status.value.state === "live");
  await hub.publish(lobby, "message", { text: "before" });
  await until(() => texts.length === 1);
  return { hub, server, proxy, client, texts, gaps, until };
}

test("a client notices a half-open connection, reconnects, and misses nothing", async () => {
  const { hub, proxy, client, texts, gaps, until } = await start();
  proxy.mute();
  const muted = performance.now();
  await hub.publish(lobby, "message", { text: "meanwhile" });
  await until(() => client.status.value.state === "retrying");
  // The client waits for 2.5 heartbeats after the last byte, which came at most one heartbeat before.
  expect(performance.now() - muted).toBeGreaterThan(1.4 * HEARTBEAT);
  expect(client.status.value).toMatchObject({ reason: "timeout" });
  await until(() => client.status.value.state === "live");
  await hub.publish(lobby, "message", { text: "after" });
  await until(() => texts.length === 3);
  expect(texts).toEqual(["before", "meanwhile", "after"]);
  expect(gaps).toEqual([]);
}, 60_000);

test("a server closes the stream and the socket of a reader that has vanished at its max age", async () => {
  const { hub, server, proxy, client, until } = await start({ maxAge: 3_000 });
  const sockets = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  proxy.mute();
  client.close();
  // The server does not notice: it goes on sending.
  await hub.publish(lobby, "message", { text: "into the void" });
  expect([hub.stats().connections, await sockets()]).toEqual([1, 1]);
  await until(() => hub.stats().connections === 0);
  // The reader does not answer the end of the stream either, so the server destroys the socket.
  await expect.poll(sockets, { timeout: 60_000, interval: 50 }).toBe(0);
}, 90_000);
