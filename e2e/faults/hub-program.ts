import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { json } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { memoryLog, type EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { listeningServer } from "../listen.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import type { EventLoopDelay, Flood, HubProgramOptions, ProcessState } from "./hub-program-api.ts";

// A hub in a process of its own, which tests may kill; see server-process.ts. Its one argument is its options, as JSON.

/** Events of one transaction of a flood. */
const AT_ONCE = 20;

const {
  path,
  url,
  patience,
  heartbeat,
  drain,
  maxAge,
  ringEntries,
  port = 0,
} = JSON.parse(process.argv[2] ?? "{}") as HubProgramOptions;
const keep = { entries: 1_000_000, bytes: 2 ** 40 };
const hub = createHub(testContract, {
  log: await openLog(),
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
    const published = await hub.publish(lobby, "message", { text }, { idempotencyKey: key });
    if (isHeld !== true) return published;
    // The event is in the log, but the request never gets an answer.
    console.log(`held ${published.id}`);
    return new Promise(() => {});
  },
  "/flood": async (request) => flood((await json(request)) as Flood),
  "/state": async () => processState(),
  "/delay": async () => eventLoopDelay(),
};

const server = createServer((request, response) => {
  const route = routes[request.url ?? ""];
  response.setHeader("x-process", process.pid);
  if (route === undefined) {
    void stream(request, response);
    return;
  }
  route(request).then(
    (body) => answer(response, 200, body),
    (error: unknown) => answer(response, 503, { error: String(error) }),
  );
});
server.listen({ port, host: "127.0.0.1", backlog: 4_096 });
await once(server, "listening");
console.log(`A hub listens at http://127.0.0.1:${listeningServer(server).port}`);

process.once("SIGTERM", () => {
  const closed = once(server, "close");
  server.close();
  void Promise.all([closed, hub.close()]).then(() => process.exit(0));
});

/** Loads only what it uses: the program is started again and again. */
async function openLog(): Promise<EventLog> {
  if (url?.startsWith("postgres:") === true) {
    const { postgresLog } = await import("@tidings/log-postgres");
    return postgresLog(url, { keep });
  }
  if (url !== undefined) {
    const { redisLog } = await import("@tidings/log-redis");
    return redisLog(url, { keep });
  }
  if (path === undefined) return memoryLog({ keep });
  return sqliteLog(path, { keep, ...(patience === undefined ? {} : { patience }) });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Publishes as fast as the log accepts it. After each batch, other work of the event loop gets its turn. */
async function flood({ from, count, bytes }: Flood): Promise<null> {
  const filling = "x".repeat(bytes);
  for (let number = from; number < from + count; number += AT_ONCE) {
    const texts = Array.from(
      { length: Math.min(AT_ONCE, from + count - number) },
      (_, n) => `${number + n} ${filling}`,
    );
    await hub.publishAll(texts.map((text) => ({ address: lobby, type: "message", data: { text } })));
    await nextTurn();
  }
  return null;
}

function eventLoopDelay(): EventLoopDelay {
  const measured = { p99: delays.percentile(99) / 1e6, worst: delays.max / 1e6 };
  delays.reset();
  return measured;
}

/** What this process holds, without garbage. */
async function processState(): Promise<ProcessState> {
  // Twice: finalizers run between the two collections, and release more.
  for (let round = 0; round < 2; round++) {
    await nextTurn();
    globalThis.gc?.();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return { rss, heapUsed, external, resources, ...hub.stats() };
}
