import { createClient, type Client, type ServerContract } from "@tidings/client";
import { channel, defineContract, type Contract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { afterEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { askToReload } from "./please-reload.ts";

afterEach(() => vi.useRealTimers());

function clientWith(first: ServerContract) {
  let value = first;
  const listeners = new Set<(value: ServerContract) => void>();
  const set = (next: ServerContract) => {
    value = next;
    for (const listener of listeners) listener(next);
  };
  const contract = {
    get value() {
      return value;
    },
    subscribe(listener: (value: ServerContract) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  // What the example uses of a client.
  return { client: { contract } as unknown as Client<Contract>, set, listeners };
}

test("the page is asked to reload when the server has had another contract for a minute", () => {
  vi.useFakeTimers();
  const { client, set, listeners } = clientWith({ state: "same", fingerprint: "a" });
  const asked: number[] = [];
  const end = askToReload(client, () => asked.push(1));
  set({ state: "other", fingerprint: "b" });
  vi.advanceTimersByTime(30_000);
  set({ state: "same", fingerprint: "a" });
  vi.advanceTimersByTime(120_000);
  expect(asked).toEqual([]);
  set({ state: "other", fingerprint: "b" });
  vi.advanceTimersByTime(60_000);
  expect(asked).toEqual([1]);
  set({ state: "other", fingerprint: "c" });
  end();
  vi.advanceTimersByTime(120_000);
  expect(asked).toEqual([1]);
  expect(listeners.size).toBe(0);
});

const task = (state: z.ZodType) =>
  defineContract({ tasks: channel("tasks", { changed: z.object({ id: z.string(), state }) }) });

test("a page that does not know a new value of an enum says so, and misses nothing else", async () => {
  const [older, newer] = [task(z.enum(["open"])), task(z.enum(["open", "blocked"]))];
  const hub = createHub(newer, { log: memoryLog(), authorize: () => true });
  const handler = toFetchHandler(hub);
  const seen: string[] = [];
  const client = createClient(older, {
    url: "http://hub.test/events",
    fetch: (url, init) => Promise.resolve(handler(new Request(url, init))),
    onError: ({ message }) => seen.push(message),
    onLog: () => {},
  });
  const subscription = client.subscribe(older.tasks(), {
    changed: ({ id }) => seen.push(id),
    onGap: ({ reason }) => seen.push(reason),
  });
  await vi.waitFor(() => expect(subscription.status.value).toEqual({ state: "live" }));
  expect(client.contract.value.state).toBe("other");
  const tasks = newer.tasks();
  await hub.publish(tasks, "changed", { id: "1", state: "open" });
  const { id } = await hub.publish(tasks, "changed", { id: "2", state: "blocked" });
  await hub.publish(tasks, "changed", { id: "3", state: "open" });
  await vi.waitFor(() => expect(seen).toHaveLength(4));
  expect(seen).toEqual(["1", expect.stringContaining(`tasks.changed of tasks (${id})`), "unreadable", "3"]);
  expect(seen[1]).toContain("tasks.changed.state");
  expect(subscription.status.value).toMatchObject({ state: "live", degraded: { since: expect.any(Number) as number } });
  client.close();
  await hub.close();
});
