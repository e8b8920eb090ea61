import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { EventSource } from "eventsource";
import { expect, onTestFinished, test } from "vitest";
import { startFastify } from "./fastify.ts";
import { startHono } from "./hono.ts";

const frameworks = {
  async Hono() {
    const { hub, server } = startHono(0);
    await once(server, "listening");
    const say = (text: string) => ({ body: text });
    return { hub, address: server.address(), close: () => server.close(), say };
  },
  async Fastify() {
    const { hub, app } = await startFastify(0);
    const headers = { "content-type": "application/json" };
    const say = (text: string) => ({ headers, body: JSON.stringify({ text }) });
    const close = () => {
      // `fetch` keeps a connection open for later, and Fastify would wait for its end.
      app.server.closeAllConnections();
      return app.close();
    };
    return { hub, address: app.server.address(), close, say };
  },
};

/** Starts an example. `post` publishes a message through the example's own route. */
async function start(name: keyof typeof frameworks) {
  const { hub, address, close, say } = await frameworks[name]();
  // Safe: the server listens on a TCP port, so its address is an object.
  const url = `http://127.0.0.1:${(address as AddressInfo).port}`;
  onTestFinished(async () => {
    await hub.close();
    await close();
  });
  const post = async (text: string): Promise<void> => {
    const { status } = await fetch(`${url}/rooms/lobby`, { method: "POST", ...say(text) });
    expect(status).toBe(201);
  };
  return { hub, url, post };
}

for (const name of ["Hono", "Fastify"] as const) {
  test(`${name}: an EventSource gets earlier and later messages, and a bye when the server stops`, async () => {
    const { hub, url, post } = await start(name);
    await post("1");
    const source = new EventSource(`${url}/events?channel=rooms/lobby&last=10`);
    onTestFinished(() => source.close());
    const received: { readonly data: unknown; readonly id: string }[] = [];
    let onReceived = (): void => {};
    source.addEventListener("rooms/lobby:message", ({ data, lastEventId: id }) => {
      received.push({ data: JSON.parse(String(data)), id });
      onReceived();
    });
    const waitFor = async (count: number): Promise<void> => {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          onReceived = resolve;
        });
      }
    };
    const bye = new Promise<unknown>((resolve) => {
      source.addEventListener("bye", ({ data }) => resolve(JSON.parse(String(data))));
    });
    await waitFor(1);
    await post("2");
    await post("3");
    await waitFor(3);
    expect(received.map(({ data }) => data)).toEqual([{ text: "1" }, { text: "2" }, { text: "3" }]);
    expect(new Set(received.map(({ id }) => id)).size).toBe(3);
    await hub.close();
    expect(await bye).toEqual({ reason: "draining" });
  });

  test(`${name}: when a reader leaves, its connection ends`, async () => {
    const { hub, url } = await start(name);
    const leaving = new AbortController();
    await fetch(`${url}/events?channel=rooms/lobby`, { signal: leaving.signal });
    await expect.poll(() => hub.stats().connections).toBe(1);
    leaving.abort();
    await expect.poll(() => hub.stats().connections).toBe(0);
  });

  test(`${name}: a list of channels that is too long for a query can be sent as POST`, async () => {
    const { url, post } = await start(name);
    await post("1");
    const channels = { "rooms/lobby": null, "rooms/tea": null };
    const answer = await fetch(`${url}/events?last=5`, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify({ channels }),
    });
    expect(await answer.json()).toMatchObject({ events: [{ channel: "rooms/lobby", data: { text: "1" } }] });
  });
}
