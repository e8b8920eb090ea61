// Servers that break HTTP itself, for four seconds, over real sockets. Then a hub answers at the same place.
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { contract, feed, room } from "./liars/contract.ts";
import { SOCKET_LIES, type SocketLie } from "./liars/sockets.ts";
import { listen } from "./listen.ts";
import { serveHub } from "./serve-hub.ts";

/** Four seconds of lies may cost so many requests: two subscriptions, each with its growing pauses. */
const MOST_REQUESTS = 30;

/** A place where a liar answers, and later a hub. */
async function serveLies(lie: SocketLie) {
  const texts: string[] = [];
  const hub = createHub(contract, {
    log: memoryLog(),
    authorize: () => true,
    snapshot: { room: () => ({ texts }) },
    onLog: () => {},
  });
  const hubPort = await serveHub(hub);
  const sockets = new Set<Socket>();
  let isLying = true;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      if (isLying) {
        const [, url = "/"] = bytes.toString().split(" ");
        void lie(socket, { url, isStream: bytes.includes("text/event-stream") });
        return;
      }
      const upstream = connect(hubPort, "127.0.0.1");
      upstream.on("error", () => socket.destroy());
      upstream.on("close", () => socket.destroy());
      socket.on("close", () => upstream.destroy());
      upstream.write(bytes);
      socket.pipe(upstream).pipe(socket);
    });
  });
  const { port, close } = await listen(server);
  onTestFinished(() => {
    sockets.forEach((socket) => socket.destroy());
    close();
  });
  return {
    port,
    stopLying: (): void => {
      isLying = false;
      sockets.forEach((socket) => socket.destroy());
    },
    publish: async (text: string): Promise<void> => {
      texts.push(text);
      await hub.publish(room, "said", { text });
      await hub.publish(feed, "said", { text });
    },
  };
}

describe.concurrent("what breaks HTTP costs few requests, and heals", () => {
  test.each(Object.entries(SOCKET_LIES))("%s", { timeout: 60_000 }, async (_, lie) => {
    const { port, stopLying, publish } = await serveLies(lie);
    let requests = 0;
    const heard: string[] = [];
    const shown: string[] = [];
    const client = createClient(contract, {
      url: `http://127.0.0.1:${port}/events`,
      connectTimeout: 2_000,
      maxEventBytes: 20_000,
      onError: () => {},
      onLog: () => {},
      // What it follows by itself are redirects, twenty at most.
      fetch(url, init) {
        requests++;
        return fetch(url, init);
      },
    });
    onTestFinished(() => client.close());
    client.subscribe(feed, { said: ({ text }) => heard.push(text), onGap: () => {} });
    client.subscribe(room, {
      snapshot: ({ texts }) => shown.splice(0, Infinity, ...texts),
      said: ({ text }) => shown.push(text),
    });
    await sleep(4_000);
    expect(requests).toBeLessThan(MOST_REQUESTS);
    expect(client.status.value.state).not.toBe("closed");
    stopLying();
    await sleep(600);
    client.reconnect();
    await vi.waitFor(
      async () => {
        await publish("truth");
        await sleep(100);
        expect([heard.at(-1), shown.at(-1)]).toEqual(["truth", "truth"]);
      },
      { timeout: 50_000, interval: 1_000 },
    );
  });
});
