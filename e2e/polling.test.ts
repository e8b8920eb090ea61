import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { createBufferingProxy } from "./buffering-proxy.ts";
import { serveHub } from "./serve-hub.ts";

const contract = defineContract({ feed: channel("feeds/:name", { counted: z.number() }) });
const feed = contract.feed({ name: "a" });
const PATIENCE = { timeout: 60_000, interval: 20 };

/** A client behind a proxy, and what it has heard. */
async function behindProxy(isBuffering: boolean) {
  const hub = createHub(contract, { log: memoryLog(), authorize: () => true, heartbeat: 1_000 });
  const proxy = await createBufferingProxy(await serveHub(hub));
  proxy.isBuffering = isBuffering;
  const client = createClient(contract, {
    url: `http://127.0.0.1:${proxy.port}/events`,
    connectTimeout: 300,
    onError: () => {},
  });
  onTestFinished(() => {
    client.close();
    proxy.close();
  });
  const heard: number[] = [];
  const gaps: string[] = [];
  client.subscribe(feed, { counted: (n) => heard.push(n), onGap: ({ reason }) => gaps.push(reason) });
  let last = 0;
  async function publish(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await hub.publish(feed, "counted", ++last);
  }
  const all = () => Array.from({ length: last }, (_, index) => index + 1);
  return { client, proxy, heard, gaps, publish, all };
}

test("through a proxy that keeps streams back, everything comes by long poll, once and in order", async () => {
  const { client, proxy, heard, gaps, publish, all } = await behindProxy(true);
  await vi.waitFor(() => expect(client.status.value).toEqual({ state: "live", transport: "poll" }), PATIENCE);
  expect(proxy.streams).toBe(2);
  for (let burst = 0; burst < 20; burst++) {
    await publish(burst);
    await vi.waitFor(() => expect(heard).toEqual(all()), PATIENCE);
  }
  expect(gaps).toEqual([]);
  expect(proxy.streams).toBe(2);
}, 180_000);

test("a proxy that begins to keep a stream back in the middle of it costs no event", async () => {
  const { client, proxy, heard, gaps, publish, all } = await behindProxy(false);
  await vi.waitFor(() => expect(client.status.value).toEqual({ state: "live" }), PATIENCE);
  await publish(10);
  await vi.waitFor(() => expect(heard).toEqual(all()), PATIENCE);
  proxy.isBuffering = true;
  await publish(10);
  await vi.waitFor(() => expect(client.status.value).toEqual({ state: "live", transport: "poll" }), PATIENCE);
  await publish(10);
  await vi.waitFor(() => expect(heard).toEqual(all()), PATIENCE);
  expect(gaps).toEqual([]);
}, 180_000);
