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
      // `fetch` has a connection in reserve, for which Fastify would wait.
      app.server.closeAllConnections();
      return app.close();
    };
    return { hub, address: app.server.address(), close, say };
  },
};

/** A started example, and what says something through its own route. */
async function start(name: keyof typeof frameworks) {
  const { hub, address, close, say } = await frameworks[name]();
  // A server that listens on a TCP port has an address of this shape.
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
  test(`${name}: an EventSource gets what was said before it came and what is said after, and is told when the server stops`, async () => {
    const { hub, url, post } = await start(name);
    await post("1");
    const source = new EventSource(`${url}/events?channel=rooms/lobby&last=10`);
    onTestFinished(() => source.close());
    const heard: { readonly data: unknown; readonly id: string }[] = [];
    let moved = (): void => {};
    source.addEventListener("rooms/lobby:message", ({ data, lastEventId: id }) => {
      heard.push({ data: JSON.parse(String(data)), id });
      moved();
    });
    const until = async (count: number): Promise<void> => {
      while (heard.length < count) await new Promise<void>((resolve) => (moved = resolve));
    };
    const bye = new Promise<unknown>((resolve) => {
      source.addEventListener("bye", ({ data }) => resolve(JSON.parse(String(data))));
    });
    await until(1);
    await post("2");
    await post("3");
    await until(3);
    expect(heard.map(({ data }) => data)).toEqual([{ text: "1" }, { text: "2" }, { text: "3" }]);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(3);
    await hub.close();
    expect(await bye).toEqual({ reason: "draining" });
  });

  test(`${name}: a reader that leaves is forgotten`, async () => {
    const { hub, url } = await start(name);
    const leaving = new AbortController();
    await fetch(`${url}/events?channel=rooms/lobby`, { signal: leaving.signal });
    await expect.poll(() => hub.stats().connections).toBe(1);
    leaving.abort();
    await expect.poll(() => hub.stats().connections).toBe(0);
  });

  test(`${name}: a list of channels that is too long for a query travels as POST`, async () => {
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
