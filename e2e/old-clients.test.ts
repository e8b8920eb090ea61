// Pages whose contract is older than the server's: the table of docs/guides/changing-a-contract.md, row by row.
import { createClient, type StreamError } from "@tidings/client";
import { channel, defineContract, latest, type Contract, type EventDefinitions } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, type Hub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

const PATIENCE = { timeout: 10_000 };

const given = () => ({ log: memoryLog(), authorize: () => true, onLog: () => {} });

/** A hub of any contract. */
type AnyHub = Parameters<typeof toFetchHandler>[0] & Pick<Hub<Contract>, "close">;

/** A page with a contract, in front of a hub that may have another one. */
function connect<C extends Contract>(contract: C, hub: AnyHub) {
  const handler = toFetchHandler(hub);
  const errors: StreamError[] = [];
  const client = createClient(contract, {
    url: "http://hub.test/events",
    fetch: (url, init) => Promise.resolve(handler(new Request(url, init))),
    onError: (error) => errors.push(error),
    onLog: () => {},
  });
  onTestFinished(async () => {
    client.close();
    await hub.close();
  });
  return { client, errors };
}

const tasks = <Events extends EventDefinitions>(events: Events) => defineContract({ tasks: channel("tasks", events) });
const id = z.string();

const CHANGES: [change: string, older: z.ZodType, newer: z.ZodType, data: unknown, heard: unknown][] = [
  ["a new field", z.object({ id }), z.object({ id, color: z.string() }), { id: "1", color: "red" }, { id: "1" }],
  [
    "a new field, where the older schema is strict",
    z.strictObject({ id }),
    z.object({ id, color: z.string() }),
    { id: "1", color: "red" },
    "unreadable",
  ],
  [
    "a field that becomes optional",
    z.object({ id, due: z.string() }),
    z.object({ id, due: z.optional(z.string()) }),
    { id: "1" },
    "unreadable",
  ],
  ["a new value of an enum", z.enum(["open"]), z.enum(["open", "blocked"]), "blocked", "unreadable"],
  ["another type of a field", z.object({ id }), z.object({ id: z.number() }), { id: 1 }, "unreadable"],
  ["a field that is removed", z.object({ id, due: z.string() }), z.object({ id }), { id: "1" }, "unreadable"],
  [
    "an optional field that is removed",
    z.object({ id, due: z.optional(z.string()) }),
    z.object({ id }),
    { id: "1" },
    { id: "1" },
  ],
  [
    "a new value of an enum that the older schema catches",
    // oxlint-disable-next-line promise/valid-params -- it is no promise
    z.catch(z.enum(["open", "done"]), "open"),
    z.enum(["open", "done", "blocked"]),
    "blocked",
    "open",
  ],
];

test.each(CHANGES)("%s: an older page reads it, or says that it cannot", async (_, older, newer, data, expected) => {
  const contract = tasks({ changed: newer });
  const hub = createHub(contract, given());
  const old = tasks({ changed: older });
  const { client, errors } = connect(old, hub);
  const heard: unknown[] = [];
  const subscription = client.subscribe(old.tasks(), {
    changed: (value) => heard.push(value),
    onGap: ({ reason }) => heard.push(reason),
  });
  await vi.waitFor(() => expect(subscription.status.value.state).toBe("live"), PATIENCE);
  await hub.publish(contract.tasks(), "changed", data);
  await vi.waitFor(() => expect(heard).toEqual([expected]), PATIENCE);
  expect(errors.map(({ code }) => code)).toEqual(expected === "unreadable" ? ["invalid-data"] : []);
});

test("a new channel and a new event type are nothing for an older page, and nothing is missing for it", async () => {
  const newer = defineContract({
    tasks: channel("tasks", { changed: z.object({ id }), archived: z.object({ id }) }),
    people: channel("people", { joined: z.string() }),
  });
  const hub = createHub(newer, given());
  const old = tasks({ changed: z.object({ id }) });
  const { client, errors } = connect(old, hub);
  const heard: string[] = [];
  const subscription = client.subscribe(old.tasks(), {
    changed: (task) => heard.push(task.id),
    onGap: ({ reason }) => heard.push(reason),
  });
  await vi.waitFor(() => expect(subscription.status.value.state).toBe("live"), PATIENCE);
  await hub.publish(newer.tasks(), "archived", { id: "1" });
  await hub.publish(newer.people(), "joined", "ada");
  await hub.publish(newer.tasks(), "changed", { id: "2" });
  await vi.waitFor(() => expect(heard).toEqual(["2"]), PATIENCE);
  expect([subscription.status.value, errors]).toEqual([{ state: "live" }, []]);
});

const news = channel("news", { said: z.string() });
const changed = { changed: z.object({ id }) };

test.each([
  ["a channel that is removed", defineContract({ news, people: channel("people", changed) })],
  ["another pattern of a channel", defineContract({ news, people: channel("lists/tasks", changed) })],
])("%s: an older page retries slowly, and the rest goes on", async (_, newer) => {
  const old = defineContract({ news, tasks: channel("tasks", changed) });
  const { client } = connect(old, createHub(newer, given()));
  const onGap = () => expect.unreachable("a gap");
  const lost = client.subscribe(old.tasks(), { onGap });
  const kept = client.subscribe(old.news(), { onGap });
  await vi.waitFor(() => expect(kept.status.value).toEqual({ state: "live" }), PATIENCE);
  expect(lost.status.value).toMatchObject({ state: "retrying", reason: "unknown" });
  expect(client.status.value).toBe(lost.status.value);
});

test("an event type that is removed, and another mode: an older page gets what there is, in the new mode", async () => {
  const newer = tasks({ changed: latest(z.string()) });
  const hub = createHub(newer, given());
  const old = tasks({ changed: z.string(), archived: z.string() });
  await hub.publish(newer.tasks(), "changed", "first");
  await hub.publish(newer.tasks(), "changed", "second");
  const { client, errors } = connect(old, hub);
  const heard: string[] = [];
  client.subscribe(old.tasks(), {
    changed: (text) => heard.push(text),
    archived: (text) => heard.push(text),
    onGap: ({ reason }) => heard.push(reason),
  });
  await vi.waitFor(() => expect(client.status.value).toEqual({ state: "live" }), PATIENCE);
  await hub.publish(newer.tasks(), "changed", "third");
  await vi.waitFor(() => expect(heard.at(-1)).toBe("third"), PATIENCE);
  expect(heard).not.toContain("first");
  expect(errors).toEqual([]);
});
