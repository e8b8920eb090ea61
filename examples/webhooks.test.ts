import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { VirtualClock } from "@tidings/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { shop } from "./webhooks/contract.ts";
import { openDeliveries } from "./webhooks/deliveries.ts";
import { startReceiver } from "./webhooks/receiver.ts";
import { sendAside, sendWebhooks } from "./webhooks/send-webhooks.ts";
import { startShop } from "./webhooks/server.ts";
import { sign } from "./webhooks/signature.ts";

/** Ten times what is normal, on a busy machine. */
const PATIENCE = { timeout: 15_000, interval: 20 };
const SECRET = "dGhlIHNlY3JldA==";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tidings-webhooks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function urlOf(server: Server): Promise<string> {
  if (!server.listening) await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const placed = (item: string) => ({ type: "order.placed", data: { item } });

async function openReceiver() {
  const receiver = startReceiver(0, ":memory:", SECRET);
  onTestFinished(() => {
    receiver.server.close();
    receiver.database.close();
  });
  return { ...receiver, url: await urlOf(receiver.server) };
}

/** One request as a receiver has got it. */
interface Got {
  /** Seconds since the beginning. */
  readonly at: number;
  readonly id: string;
  readonly item: string;
}

/**
 * A shop in virtual time. The receiver takes everything, unless the test sets an answer for an item; null for none. The
 * random half of a pause is as long as it can be.
 */
function openInVirtualTime({ keep = 1_000 } = {}) {
  const clock = new VirtualClock();
  const log = memoryLog({ now: clock.now, keep: { entries: keep }, burst: 0 });
  const hub = createHub(shop, { log, clock, authorize: () => false, onLog: () => {} });
  const deliveries = openDeliveries(":memory:");
  const got: Got[] = [];
  const answers = new Map<string, Response | null>();
  const receive: typeof fetch = async (_url, init) => {
    // Safe: a webhook is a text.
    const { data } = JSON.parse(init?.body as string) as { data: { item?: string; reason?: string } };
    const item = data.item ?? data.reason ?? "";
    got.push({ at: clock.time / 1_000, id: new Headers(init?.headers).get("webhook-id") ?? "", item });
    const answer = answers.get(item);
    if (answer !== null) return answer?.clone() ?? new Response(null, { status: 204 });
    return new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("late"))));
  };
  const optionsOf = (signal: AbortSignal) => ({
    ...{ url: "http://receiver.test", secret: SECRET, signal, fetch: receive, clock, random: () => 1 },
  });
  const run = (known: Parameters<typeof sendWebhooks>[1] = deliveries) => {
    const stopping = new AbortController();
    const job = sendWebhooks(hub, known, optionsOf(stopping.signal));
    const stop = async () => {
      stopping.abort();
      await job;
    };
    return { job, stop };
  };
  onTestFinished(async () => {
    await Promise.all([hub.close(), clock.advance(60_000)]);
    deliveries.database.close();
  });
  const order = (item: string) => hub.publish(shop.orders(), "placed", { item });
  const again = () => sendAside(deliveries, optionsOf(new AbortController().signal));
  const times = (item: string) => got.filter((each) => each.item === item).map(({ at }) => at);
  return { clock, log, hub, deliveries, got, answers, optionsOf, run, order, again, times };
}

test("an order over HTTP reaches the receiver, signed, and what comes twice is there once", async () => {
  const receiver = await openReceiver();
  const { server, stop } = startShop(0, newFolder(), { url: receiver.url, secret: SECRET });
  onTestFinished(stop);
  const url = await urlOf(server);
  const headers = { "content-type": "application/json" };
  for (const item of ["tea", "cup"]) {
    const response = await fetch(`${url}/orders`, { method: "POST", headers, body: JSON.stringify({ item }) });
    expect(response.status).toBe(201);
  }
  const received = async (): Promise<unknown> => (await fetch(receiver.url)).json();
  await expect.poll(received, PATIENCE).toEqual([placed("tea"), placed("cup")]);
  for (const method of ["GET", "POST"]) expect(await (await fetch(`${url}/aside`, { method })).json()).toEqual([]);
});

test("an order without an item is refused, and says why", async () => {
  const receiver = await openReceiver();
  const { server, stop } = startShop(0, newFolder(), { url: receiver.url, secret: SECRET });
  onTestFinished(stop);
  const response = await fetch(`${await urlOf(server)}/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid-data", detail: expect.stringContaining("item") });
});

test("a shop whose job has failed closes its log and its database all the same", async () => {
  const receiver = await openReceiver();
  const folder = newFolder();
  const newer = defineContract({ orders: channel("orders", { placed: z.object({ item: z.number() }) }) });
  const other = createHub(newer, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
  await other.publish(newer.orders(), "placed", { item: 5 });
  await other.close();
  const { hub, deliveries, job, stop } = startShop(0, folder, { url: receiver.url, secret: SECRET });
  await expect(job).rejects.toThrow("Expected a placed of orders");
  await expect(stop()).rejects.toThrow("Expected a placed of orders");
  expect(() => deliveries.readAside()).toThrow("not open");
  await expect(hub.publish(shop.orders(), "placed", { item: "tea" })).rejects.toThrow("closed");
});

test("a shop that stops lets a request end that sends what was put aside", async () => {
  let isHere = () => {};
  const here = new Promise<void>((resolve) => (isHere = resolve));
  // It never answers.
  const receiver = createServer(() => isHere()).listen(0, "127.0.0.1");
  onTestFinished(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const { deliveries, server, stop } = startShop(0, newFolder(), { url: await urlOf(receiver), secret: SECRET });
  const webhook = { id: "1", body: "{}", reason: "It answered 500." };
  deliveries.putAside(webhook, "a.1");
  const answer = fetch(`${await urlOf(server)}/aside`, { method: "POST" });
  await here;
  const onServerClosed = vi.fn<() => void>();
  server.once("close", onServerClosed);
  const closing = vi.spyOn(deliveries.database, "close");
  await stop();
  expect(await (await answer).json()).toEqual([webhook]);
  expect(onServerClosed).toHaveBeenCalledBefore(closing);
});

test("what was put aside waits if the receiver is away: one attempt, not one for each", async () => {
  const { clock, deliveries, answers, again, times } = openInVirtualTime();
  for (const item of ["tea", "cup", "kettle"]) {
    deliveries.putAside({ id: item, body: JSON.stringify(placed(item)), reason: "It answered 500." }, "a.1");
  }
  answers.set("tea", new Response(null, { status: 500 }));
  answers.set("cup", null);
  const rest = again();
  await clock.advance(10_000);
  expect((await rest).map(({ id }) => id)).toEqual(["tea", "cup", "kettle"]);
  expect([times("tea"), times("cup"), times("kettle")]).toEqual([[0], [0], []]);
});

test.for([
  [204, "was signed now", 0, SECRET],
  [401, "was signed with another secret", 0, "b3RoZXI="],
  [401, "was signed six minutes ago", -360, SECRET],
] as const)("a receiver answers %i to what %s", async ([status, , age, secret]) => {
  const { url, readReceived } = await openReceiver();
  const sent = { id: "1", timestamp: Math.floor(Date.now() / 1_000) + age, body: JSON.stringify(placed("tea")) };
  const headers = {
    "content-type": "application/json",
    "webhook-id": sent.id,
    "webhook-timestamp": String(sent.timestamp),
    "webhook-signature": sign(sent, secret),
  };
  for (let count = 0; count < 2; count++) {
    expect((await fetch(url, { method: "POST", headers, body: sent.body })).status).toBe(status);
  }
  expect(readReceived()).toEqual(status === 204 ? [placed("tea")] : []);
});

test("the signature is that of Standard Webhooks", () => {
  // The example of its specification.
  const sent = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  expect(sign(sent, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("while the receiver is away, orders wait, with longer and longer pauses, and come in order", async () => {
  const { clock, got, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", new Response(null, { status: 503 }));
  run();
  for (const item of ["tea", "cup"]) await order(item);
  await clock.advance(16 * 60_000);
  expect(times("tea")).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511]);
  // From now on, ten minutes are the longest pause.
  await clock.advance(3 * 600_000);
  expect(times("tea").slice(-4)).toEqual([511, 1_023, 1_623, 2_223]);
  expect(times("cup")).toEqual([]);
  answers.clear();
  await clock.advance(600_000);
  expect(got.slice(-2).map(({ item }) => item)).toEqual(["tea", "cup"]);
  expect(new Set(got.filter(({ item }) => item === "tea").map(({ id }) => id)).size).toBe(1);
});

test("a receiver that says how long to wait is left alone for as long", async () => {
  const { clock, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", new Response(null, { status: 429, headers: { "retry-after": "30" } }));
  run();
  await order("tea");
  await clock.advance(60_000);
  expect(times("tea")).toEqual([0, 30, 60]);
});

test("a receiver that does not answer within ten seconds is asked again", async () => {
  const { clock, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", null);
  run();
  await order("tea");
  await clock.advance(23_000);
  expect(times("tea")).toEqual([0, 11, 23]);
});

test("an order that is refused five times is put aside and can be sent later, and the next one comes", async () => {
  const { clock, deliveries, got, answers, run, order, again, times } = openInVirtualTime();
  answers.set("tea", new Response(null, { status: 500 }));
  run();
  const { id } = await order("tea");
  await order("cup");
  await clock.advance(15_000);
  expect(times("tea")).toEqual([0, 1, 3, 7, 15]);
  expect(times("cup")).toEqual([15]);
  const aside = { id: id.replace(".", "_"), body: JSON.stringify(placed("tea")), reason: "It answered 500." };
  expect(deliveries.readAside()).toEqual([aside]);
  expect(await again()).toEqual([aside]);
  answers.clear();
  expect(await again()).toEqual([]);
  expect(got.at(-1)).toMatchObject({ item: "tea", id: aside.id });
  expect(deliveries.readAside()).toEqual([]);
});

test("an order for which the receiver is away for 120 attempts is put aside", async () => {
  const { clock, deliveries, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", null);
  // An earlier process has made the others.
  for (let count = 0; count < 118; count++) deliveries.countAttempt();
  run();
  for (const item of ["tea", "cup"]) await order(item);
  await clock.advance(620_000);
  expect(times("tea")).toEqual([0, 610]);
  expect(times("cup")).toEqual([620]);
  expect(deliveries.readAside()).toMatchObject([{ reason: "It did not answer: Error: late" }]);
});

test("a receiver that was away, and then refuses an order four times, still gets it", async () => {
  const { clock, deliveries, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", new Response(null, { status: 503 }));
  run();
  await order("tea");
  await clock.advance(600_000);
  expect(times("tea")).toHaveLength(10);
  answers.set("tea", new Response(null, { status: 500 }));
  await clock.advance(423_000 + 7_500);
  // The pauses between refusals begin with a second again.
  expect(times("tea").slice(10)).toEqual([1_023, 1_024, 1_026, 1_030]);
  answers.clear();
  await clock.advance(8_000);
  expect(times("tea").slice(14)).toEqual([1_038]);
  expect(deliveries.readAside()).toEqual([]);
  expect(deliveries.readCursor()).not.toBeNull();
});

test("the next order begins with no refusals", async () => {
  const { clock, deliveries, answers, run, order, times } = openInVirtualTime();
  for (const item of ["tea", "cup"]) answers.set(item, new Response(null, { status: 500 }));
  run();
  for (const item of ["tea", "cup"]) await order(item);
  await clock.advance(30_000);
  expect(times("cup")).toEqual([15, 16, 18, 22, 30]);
  expect(deliveries.readAside()).toHaveLength(2);
});

test("a job that is stopped goes on in its next run, with the same id and the same numbers of attempts", async () => {
  const { clock, deliveries, got, answers, run, order, times } = openInVirtualTime();
  answers.set("tea", null);
  const first = run();
  await order("tea");
  await clock.advance(1_000);
  await first.stop(); // in mid-attempt
  const second = run();
  await clock.advance(10_500);
  await second.stop(); // in a pause
  const third = run();
  // The third attempt, and the pause after it.
  await clock.advance(13_500);
  answers.set("tea", new Response(null, { status: 400 }));
  await clock.advance(2_000);
  await third.stop(); // in the pause after the second refusal
  run();
  await clock.advance(60_000);
  expect(times("tea").slice(2)).toEqual([11.5, 25.5, 26.5, 27, 31, 39]);
  expect(new Set(got.map(({ id }) => id)).size).toBe(1);
  expect(deliveries.readAside()).toHaveLength(1);
});

test.for([
  ["http//receiver.test", SECRET, "Expected the url of the receiver to be one of http or https"],
  ["ftp://receiver.test", SECRET, "Expected the url of the receiver to be one of http or https"],
  ["http://ada:tea@receiver.test", SECRET, "Expected the url of the receiver to have no name and no password"],
  ["http://receiver.test", "", "Expected the secret of the receiver in base64"],
  ["http://receiver.test", `whsec_${SECRET}`, "Expected the secret of the receiver in base64"],
] as const)("a job for %s with the secret %j ends at once", async ([url, secret, problem]) => {
  const { hub, deliveries, got, order, optionsOf } = openInVirtualTime();
  await order("tea");
  const options = { ...optionsOf(new AbortController().signal), url, secret };
  await expect(sendWebhooks(hub, deliveries, options)).rejects.toThrow(problem);
  await expect(sendAside(deliveries, options)).rejects.toThrow(problem);
  expect(got).toEqual([]);
});

test("the receiver hears what retention has dropped", async () => {
  const { clock, got, run, order } = openInVirtualTime({ keep: 1 });
  for (const item of ["tea", "cup"]) await order(item);
  run();
  await clock.advance(0);
  expect(got.map(({ item }) => item)).toEqual(["trimmed", "cup"]);
});

test("a position that cannot be stored ends the job, and its next run sends the order again", async () => {
  const { clock, deliveries, got, run, order } = openInVirtualTime();
  await order("tea");
  const full = { ...deliveries, moveTo: () => expect.fail("the disk is full") };
  await expect(run(full).job).rejects.toThrow("the disk is full");
  run();
  await clock.advance(0);
  expect(got.map(({ item }) => item)).toEqual(["tea", "tea"]);
  expect(got[0]?.id).toBe(got[1]?.id);
});

test("an order of a newer shop ends the job before it", async () => {
  const { clock, log, got, run, order } = openInVirtualTime();
  const newer = defineContract({ orders: channel("orders", { placed: z.object({ item: z.number() }) }) });
  const other = createHub(newer, { log, clock, authorize: () => false, onLog: () => {} });
  await order("tea");
  await other.publish(newer.orders(), "placed", { item: 5 });
  await expect(run().job).rejects.toThrow("Expected a placed of orders that this version knows.");
  await expect(run().job).rejects.toThrow("Expected a placed of orders that this version knows.");
  expect(got.map(({ item }) => item)).toEqual(["tea"]);
});

/** The job in a process of its own. At its third order it prints "here" at the given moment, and then blocks. */
const SCRIPT = `
import { writeSync } from "node:fs";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
const [folder, url, secret, moment] = process.argv.slice(1);
const load = (name) => import(new URL(name, ${JSON.stringify(new URL("webhooks/", import.meta.url).href)}).href);
const [{ shop }, { openDeliveries }, { sendWebhooks }] = await Promise.all(
  ["contract.ts", "deliveries.ts", "send-webhooks.ts"].map(load));
const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
const { countAttempt, moveTo, ...deliveries } = openDeliveries(join(folder, "deliveries.db"));
let orders = 0;
const blockAt = (now) => {
  if (now !== moment || orders < 3) return;
  writeSync(1, "here");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const known = {
  ...deliveries,
  countAttempt() {
    const attempts = countAttempt();
    orders++;
    blockAt("before the request");
    return attempts;
  },
  moveTo(cursor) {
    blockAt("after the answer");
    moveTo(cursor);
    blockAt("after the position");
  },
};
await sendWebhooks(hub, known, { url, secret, signal: new AbortController().signal });
`;

test.for([
  ["before the request", ["tea", "cup", "kettle", "cake"]],
  // The receiver gets it twice, with the same id.
  ["in mid-request", ["tea", "cup", "kettle", "kettle", "cake"]],
  ["after the answer", ["tea", "cup", "kettle", "kettle", "cake"]],
  ["after the position", ["tea", "cup", "kettle", "cake"]],
] as const)("kill -9 %s loses no order, and the receiver has each of them once", async ([moment, requests]) => {
  const folder = newFolder();
  const hub = createHub(shop, { log: sqliteLog(join(folder, "shop.db")), authorize: () => false });
  const receiver = await openReceiver();
  const items: string[] = [];
  let isHere = () => {};
  const here = new Promise<void>((resolve) => (isHere = resolve));
  // In front of the receiver. In mid-request, it has the third order and never answers it.
  const front = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    items.push((JSON.parse(String(body)) as { data: { item: string } }).data.item);
    // Safe: the sender sets each of its headers once.
    const headers = request.headers as Record<string, string>;
    const { connection: _, ...ours } = headers;
    const answer = await fetch(receiver.url, { method: "POST", body, headers: ours });
    if (moment === "in mid-request" && items.length === 3) isHere();
    else response.writeHead(answer.status).end();
  }).listen(0, "127.0.0.1");
  const url = await urlOf(front);
  const stopping = new AbortController();
  onTestFinished(async () => {
    stopping.abort();
    await hub.close();
    front.closeAllConnections();
    front.close();
  });
  const order = (item: string) => hub.publish(shop.orders(), "placed", { item });

  const options = ["--import", "tsx", "--conditions", "@tidings/source", "--disable-warning=ExperimentalWarning"];
  const given = [folder, url, SECRET, moment];
  const child = spawn(process.execPath, [...options, "--input-type=module", "-e", SCRIPT, ...given], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  child.stdout.once("data", () => isHere());
  for (const item of ["tea", "cup", "kettle"]) await order(item);
  expect(await Promise.race([here, exit])).toBeUndefined();
  child.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);

  await order("cake");
  const deliveries = openDeliveries(join(folder, "deliveries.db"));
  const job = sendWebhooks(hub, deliveries, { url, secret: SECRET, signal: stopping.signal });
  await expect.poll(() => receiver.readReceived().at(-1), PATIENCE).toEqual(placed("cake"));
  stopping.abort();
  await job;
  deliveries.database.close();
  expect(items).toEqual(requests);
  expect(receiver.readReceived()).toEqual(["tea", "cup", "kettle", "cake"].map(placed));
});
