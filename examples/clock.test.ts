import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createClient } from "@tidings/client";
import { EventSource } from "eventsource";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { server, time } from "./clock.ts";

// The example listens as soon as it is imported. With port 0 the system chooses a free port.
vi.hoisted(() => void (process.env["PORT"] = "0"));

afterAll(async () => {
  // The same as Ctrl-C.
  process.emit("SIGINT");
  await once(server, "close");
});

/** Waits for the first tick, and returns the URL of the clock. */
async function findUrl(): Promise<string> {
  if (!server.listening) await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/events`;
  const page = await fetch(`${url}?channel=clock&wait=10`, { headers: { accept: "application/json" } });
  expect(await page.json()).toMatchObject({ events: [{ channel: "clock", type: "tick" }] });
  return url;
}

test("an EventSource gets the time at once, and every tick after it", async () => {
  const source = new EventSource(`${await findUrl()}?channel=clock@now`);
  onTestFinished(() => source.close());
  const ticks: { readonly data: string; readonly id: string }[] = [];
  await new Promise<void>((resolve) => {
    source.addEventListener("clock:tick", ({ data, lastEventId: id }) => {
      ticks.push({ data: String(data), id });
      if (ticks.length === 4) resolve();
    });
  });
  const times = ticks.map(({ data }) => Date.parse((JSON.parse(data) as { now: string }).now));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(new Set(times).size).toBe(4);
  // The current value has no id, because the stream has no position yet. Every later tick has one.
  expect(ticks.map(({ id }) => id !== "")).toEqual([false, true, true, true]);
});

test("a typed client gets dates", async () => {
  const client = createClient(time, { url: await findUrl() });
  onTestFinished(() => client.close());
  const before = Date.now() - 60_000;
  for await (const { type, data } of client.events(time.clock())) {
    expect(type).toBe("tick");
    expect(data.now.getTime()).toBeGreaterThan(before);
    break;
  }
});
