import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { chat, type Delay, type Flood, type ServedHubOptions, type Vitals } from "./served-chat.ts";

// A hub in a process of its own, which its tests may treat badly; see server-process.ts. Its one argument is its options.

/** Events of one transaction of a flood. */
const AT_ONCE = 20;

const room = chat.room({ roomId: "lobby" });
const {
  path,
  patience,
  heartbeat,
  drain,
  maxAge,
  ringEntries,
  port = 0,
} = JSON.parse(process.argv[2] ?? "{}") as ServedHubOptions;
const keep = { entries: 1_000_000, bytes: 2 ** 40 };
const hub = createHub(chat, {
  log:
    path === undefined
      ? memoryLog({ keep })
      : sqliteLog(path, { keep, ...(patience === undefined ? {} : { patience }) }),
  authorize: () => true,
  ...(heartbeat === undefined ? {} : { heartbeat }),
  ...(drain === undefined ? {} : { drain }),
  limits: { ...(maxAge === undefined ? {} : { maxAge }), ...(ringEntries === undefined ? {} : { ringEntries }) },
});
const stream = toNodeHandler(hub);
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();

const routes: Record<string, (request: IncomingMessage) => Promise<unknown>> = {
  "/publish": async (request) => {
    const { text, key, isHeld } = (await json(request)) as { text: string; key: string; isHeld?: boolean };
    const published = await hub.publish(room, "message", { text }, { idempotencyKey: key });
    if (isHeld !== true) return published;
    // The event is in the log, and nobody will ever be told.
    console.log(`held ${published.id}`);
    return new Promise(() => {});
  },
  "/flood": async (request) => flood((await json(request)) as Flood),
  "/vitals": async () => vitals(),
  "/delay": async () => delay(),
};

const server = createServer((request, response) => {
  const route = routes[request.url ?? ""];
  response.setHeader("x-process", process.pid);
  if (route === undefined) return stream(request, response);
  return void route(request).then(
    (body) => answer(response, 200, body),
    (error: unknown) => answer(response, 503, { error: String(error) }),
  );
});
server.listen({ port, host: "127.0.0.1", backlog: 4_096 });
await once(server, "listening");
// A server that listens on a TCP port has an address of this shape.
console.log(`A hub listens at http://127.0.0.1:${(server.address() as AddressInfo).port}`);

process.once("SIGTERM", () => {
  const closed = once(server, "close");
  server.close();
  void Promise.all([closed, hub.close()]).then(() => process.exit(0));
});

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Publishes as fast as the log takes it, and lets everybody else have their turn. */
async function flood({ from, count, bytes }: Flood): Promise<null> {
  const filling = "x".repeat(bytes);
  for (let number = from; number < from + count; number += AT_ONCE) {
    const texts = Array.from(
      { length: Math.min(AT_ONCE, from + count - number) },
      (_, n) => `${number + n} ${filling}`,
    );
    await hub.publishAll(texts.map((text) => ({ address: room, type: "message", data: { text } })));
    await turn();
  }
  return null;
}

function delay(): Delay {
  const told = { p99: delays.percentile(99) / 1e6, worst: delays.max / 1e6 };
  delays.reset();
  return told;
}

/** What this process has in hand, without what only waits to be collected. */
async function vitals(): Promise<Vitals> {
  // Once for what finalizers hold on to, once for the rest.
  for (let round = 0; round < 2; round++) {
    await turn();
    globalThis.gc?.();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { rss, heapUsed, external, resources, ...hub.stats() };
}
