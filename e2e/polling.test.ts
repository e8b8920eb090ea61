import { createClient } from "@tidings/client";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { createBufferingProxy } from "./buffering-proxy.ts";
import { feeds } from "./contracts.ts";
import { serveHub } from "./serve-hub.ts";

const feed = feeds.feed({ name: "a" });
const PATIENCE = { timeout: 60_000, interval: 20 };
const BY_POLL = { state: "live", transport: "poll" };
const CONNECT_TIMEOUT = 15_000;

/**
 * A client behind a proxy, and what it has heard. The sockets are real. The client's time is not: it passes only where
 * nothing is on its way that could come in time, so a slow machine changes nothing.
 */
async function behindProxy(isBuffering: boolean) {
  const hub = createHub(feeds, { log: memoryLog(), authorize: () => true, heartbeat: 1_000 });
  const proxy = await createBufferingProxy(await serveHub(hub));
  proxy.isBuffering = isBuffering;
  const clock = new VirtualClock();
  const client = createClient(feeds, {
    url: `http://127.0.0.1:${proxy.port}/events`,
    connectTimeout: CONNECT_TIMEOUT,
    clock,
    onError: () => {},
  });
  onTestFinished(() => {
    client.close();
    proxy.close();
  });
  const heard: number[] = [];
  const gaps: string[] = [];
  client.subscribe(feed, { counted: (n) => heard.push(n), onGap: ({ reason }) => gaps.push(reason) });
  // What is subscribed in one moment is one request.
  await clock.advance(0);
  let last = 0;

  async function publish(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await hub.publish(feed, "counted", ++last);
  }

  const expectStatus = (status: object) => vi.waitFor(() => expect(client.status.value).toEqual(status), PATIENCE);

  const expectAll = () =>
    vi.waitFor(() => expect(heard).toEqual(Array.from({ length: last }, (_, index) => index + 1)), PATIENCE);

  /** The pause after a failure passes. */
  async function waitForAttempt(): Promise<void> {
    const { value } = client.status;
    expect(value).toMatchObject({ state: "retrying", reason: "timeout" });
    await clock.advance("at" in value ? value.at - clock.now() : 0);
  }

  /** The proxy has got a stream, and keeps its hello back until it is given up. */
  async function loseStream(count: number): Promise<void> {
    await vi.waitFor(() => expect(proxy.streams).toBe(count), PATIENCE);
    await clock.advance(CONNECT_TIMEOUT);
    await waitForAttempt();
  }

  return { hub, client, clock, proxy, gaps, publish, expectStatus, expectAll, waitForAttempt, loseStream };
}

test("through a proxy that keeps streams back, everything comes by long poll, once and in order", async () => {
  const { proxy, gaps, publish, expectStatus, expectAll, loseStream } = await behindProxy(true);
  await loseStream(1);
  await loseStream(2);
  await expectStatus(BY_POLL);
  for (let burst = 0; burst < 20; burst++) {
    await publish(burst);
    await expectAll();
  }
  expect(gaps).toEqual([]);
  expect(proxy.streams).toBe(2);
}, 180_000);

test("a proxy that begins to keep a stream back in the middle of it costs no event", async () => {
  const { client, clock, proxy, gaps, publish, expectStatus, expectAll, waitForAttempt, loseStream } =
    await behindProxy(false);
  await expectStatus({ state: "live" });
  await publish(10);
  await expectAll();
  proxy.isBuffering = true;
  await publish(10);
  // A heartbeat may still be on its way, and be heard.
  await vi.waitFor(async () => {
    await clock.advance(1_000);
    expect(client.status.value.state).toBe("retrying");
  }, PATIENCE);
  await waitForAttempt();
  await loseStream(2);
  await loseStream(3);
  await expectStatus(BY_POLL);
  await publish(10);
  await expectAll();
  expect(gaps).toEqual([]);
}, 180_000);

test("a channel that ends is over by long poll, too: once, after all else, and also for who comes late", async () => {
  const { hub, client, clock, proxy, publish, expectStatus, expectAll, loseStream } = await behindProxy(true);
  const follow = (id: string) => {
    const heard: string[] = [];
    client.subscribe(feeds.job({ id }), {
      line: (line) => heard.push(line),
      onEnd: (outcome, event) => heard.push(`${outcome}, ${event.id === null ? "over" : "live"}`),
      onGap: ({ reason }) => heard.push(`gap: ${reason}`),
      onClose: (reason) => heard.push(`closed: ${reason}`),
    });
    return heard;
  };
  const heard = follow("a");
  await clock.advance(0);
  await loseStream(1);
  await loseStream(2);
  await expectStatus(BY_POLL);
  const job = feeds.job({ id: "a" });
  await hub.publish(job, "line", "1");
  await hub.publish(job, "line", "2");
  await hub.end(job, "done");
  await vi.waitFor(() => expect(heard).toEqual(["1", "2", "done, live", "closed: ended"]), PATIENCE);
  const late = follow("a");
  await vi.waitFor(() => expect(late).toEqual(["done, over", "closed: ended"]), PATIENCE);
  // The polls go on for the others, without the path that is over.
  await publish(3);
  await expectAll();
  expect(heard).toHaveLength(4);
  expect(proxy.streams).toBe(2);
}, 180_000);
