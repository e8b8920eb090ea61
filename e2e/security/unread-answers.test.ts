import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { listen, type ListeningServer, listeningServer } from "../listen.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { usedBytes } from "../used-bytes.ts";

/** A page of about a megabyte. */
const PAGE = "/events?channel=rooms/lobby&last=100&protocol=1";
/** What all unread answers together may take. */
const MOST = 100_000_000;

type TestHub = Awaited<ReturnType<typeof openHub>>;

async function openHub(limits = {}) {
  const hub = createHub(testContract, { log: memoryLog(), authorize: () => true, limits });
  onTestFinished(() => hub.close());
  const text = "x".repeat(10_000);
  for (let index = 0; index < 110; index++) await hub.publish(lobby, "message", { text: `${index} ${text}` });
  return hub;
}

const overHttp1: Readonly<Record<string, (hub: TestHub) => Promise<ListeningServer>>> = {
  "node:http": (hub) => listen(createServer(toNodeHandler(hub))),
  "takeStreams in front of node:http"(hub) {
    const server = createServer(toNodeHandler(hub));
    takeStreams(server, { hub, path: "/events" });
    return listen(server);
  },
  async "Hono on node-server"(hub) {
    const handler = toFetchHandler(hub);
    const app = new Hono().all("/events", (context) => handler(context.req.raw));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    return listeningServer(server);
  },
};

/** The highest use of memory while somebody else is served. */
async function mostUsed(port: number, before: number): Promise<number> {
  let most = 0;
  for (let round = 0; round < 8; round++) {
    const answer = await fetch(`http://127.0.0.1:${port}${PAGE}`, { headers: { accept: "application/json" } });
    expect([answer.status, (await answer.text()).length > 1_000_000]).toEqual([200, true]);
    most = Math.max(most, usedBytes() - before);
  }
  return most;
}

async function portOf(server: Promise<ListeningServer>): Promise<number> {
  const { port, close } = await server;
  onTestFinished(async () => void (await close()));
  return port;
}

function pipeline(port: number, count: number, accept: string) {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {}).pause();
  socket.write(`GET ${PAGE} HTTP/1.1\r\nhost: x\r\naccept: ${accept}\r\n\r\n`.repeat(count));
  return socket;
}

test.each(Object.entries(overHttp1))(
  "640 pipelined pages on 40 sockets that nobody reads keep little in memory, and others are served: %s",
  async (_, start) => {
    const port = await portOf(start(await openHub()));
    const before = usedBytes();
    for (let number = 0; number < 40; number++) pipeline(port, 16, "application/json");
    expect(await mostUsed(port, before)).toBeLessThan(MOST);
  },
  60_000,
);

test("500 pages over HTTP/2 with a window of 0 keep little in memory, and others are served", async () => {
  const hub = await openHub();
  const http1 = await portOf(listen(createServer(toNodeHandler(hub))));
  const handler = toNodeHandler(hub);
  const port = await portOf(listen(createHttp2Server({ settings: { maxConcurrentStreams: 1_000 } }, handler)));
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const before = usedBytes();
  for (let index = 0; index < 500; index++) {
    session.request({ ":path": PAGE, accept: "application/json" }).on("error", () => {});
  }
  const other = connectHttp2(`http://127.0.0.1:${port}`);
  onTestFinished(() => other.destroy());
  let length = 0;
  for await (const chunk of other.request({ ":path": PAGE, accept: "application/json" })) {
    length += String(chunk).length;
  }
  expect(length).toBeGreaterThan(1_000_000);
  expect(await mostUsed(http1, before)).toBeLessThan(MOST);
});

async function openSession(port: number, settings = {}) {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { settings });
  onTestFinished(() => session.destroy());
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

test.each(["text/event-stream", "application/json"])(
  "3,000 requests in one HTTP/2 session that reads nothing take the room of 256, and newcomers are let in: %s",
  async (accept) => {
    const hub = await openHub({ connections: 1_000 });
    const port = await portOf(listen(createHttp2Server(toNodeHandler(hub))));
    const session = await openSession(port, { initialWindowSize: 0 });
    const before = usedBytes();
    let refused = 0;
    for (let index = 0; index < 3_000; index++) {
      session
        .request({ ":path": PAGE, accept })
        .on("error", () => {})
        .once("close", () => refused++);
    }
    await expect.poll(() => refused, { timeout: 10_000 }).toBeGreaterThanOrEqual(3_000 - 256);
    expect(hub.stats().connections).toBeLessThanOrEqual(256);
    expect(usedBytes() - before).toBeLessThan(MOST);

    const stream = (await openSession(port)).request({ ":path": PAGE, accept });
    // The first argument of "response".
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect(headers[":status"]).toBe(200);
  },
  30_000,
);

test("a session of HTTP/2 is told its bound; a request beyond it may be sent again", async () => {
  const hub = await openHub();
  const port = await portOf(listen(createHttp2Server(toNodeHandler(hub))));
  const session = await openSession(port);
  // Without old events: Node refuses requests of a session that has too many bytes to write, too.
  const open = () => session.request({ ":path": "/events?channel=rooms/lobby&protocol=1" }).on("error", () => {});
  const streams = Array.from({ length: 300 }, open);
  const beyond = streams.slice(256);
  await Promise.all(beyond.map((stream) => new Promise((resolve) => stream.once("close", resolve))));
  // REFUSED_STREAM of RFC 9113.
  expect(new Set(beyond.map(({ rstCode }) => rstCode))).toEqual(new Set([7]));
  const bounds = () => [hub.stats().connections, session.remoteSettings.maxConcurrentStreams];
  await expect.poll(bounds, { timeout: 5_000 }).toEqual([256, 256]);
  for (const stream of streams) stream.destroy();
  await expect.poll(() => hub.stats().connections, { timeout: 5_000 }).toBe(0);
  const openOneMore = (): number => {
    open();
    return hub.stats().connections;
  };
  await expect.poll(openOneMore, { timeout: 5_000 }).toBeGreaterThan(3);
});

test.each(Object.entries(overHttp1).slice(0, 2))(
  "3,000 pipelined streams on one socket take the room of one, and newcomers are let in: %s",
  async (_, start) => {
    const hub = await openHub({ connections: 100 });
    const port = await portOf(start(hub));
    const all = pipeline(port, 3_000, "text/event-stream");
    await expect.poll(() => all.bytesWritten).toBeGreaterThan(100_000);
    // The first one alone may be taken off node:http. The others come when it has begun.
    const firstAlone = pipeline(port, 1, "text/event-stream");
    await expect.poll(() => hub.stats().connections).toBeGreaterThan(0);
    firstAlone.write(`GET ${PAGE} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(2_999));
    await expect.poll(() => firstAlone.bytesWritten).toBeGreaterThan(100_000);
    const answer = await fetch(`http://127.0.0.1:${port}/events?channel=rooms/lobby&protocol=1`);
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
    expect(hub.stats().connections).toBeLessThan(4);
  },
);

const POST = { ":method": "POST", ":path": "/events?protocol=1", accept: "application/json" };

/** Runs http2-program.ts: a server alone in its process, without the memory of its clients. */
async function startHttp2Program() {
  const program = fork(join(import.meta.dirname, "http2-program.ts"), {
    execArgv: ["--import", "tsx", "--conditions=@tidings/source", "--disable-warning=ExperimentalWarning"],
    cwd: join(import.meta.dirname, ".."),
  });
  onTestFinished(() => void program.kill());
  const receive = async (): Promise<number> => Number((await once(program, "message"))[0]);
  const port = await receive();
  return {
    port,
    usedBytes() {
      program.send("used bytes");
      return receive();
    },
  };
}

test("3,000 refused POSTs over HTTP/2 with a window of 0 keep little in the server's memory", async () => {
  const server = await startHttp2Program();
  const paths = Array.from({ length: 99 }, (_, index) => [`rooms/${String(index).padEnd(600, "n")}`, null]);
  const body = JSON.stringify({ channels: Object.fromEntries(paths) });
  const before = await server.usedBytes();
  let answered = 0;
  for (let number = 0; number < 12; number++) {
    const session = await openSession(server.port, { initialWindowSize: 0 });
    for (let index = 0; index < 250; index++) {
      const stream = session.request(POST).on("error", () => {});
      stream.once("response", () => answered++).pause();
      stream.end(body);
      // Of more bodies at once, the server would give up some before it has read them.
      const asked = 250 * number + index + 1;
      if (asked % 25 === 0) await expect.poll(() => answered, { timeout: 30_000, interval: 10 }).toBe(asked);
    }
  }
  const used = (await server.usedBytes()) - before;
  expect(used).toBeLessThan(MOST);
  // Others are served.
  const other = await openSession(server.port, {});
  const answer = other.request({
    ":path": "/events?channel=rooms/lobby&last=1&protocol=1",
    accept: "application/json",
  });
  expect((await once(answer, "response"))[0]).toMatchObject({ ":status": 200 });
}, 120_000);

test("950 POSTs each on five sockets, behind a stream, keep little in memory, and others are served", async () => {
  const port = await portOf(listen(createServer(toNodeHandler(await openHub()))));
  const channels = Array.from({ length: 99 }, (_, index) => [`rooms/${String(index).padEnd(240, "n")}`, null]);
  const body = JSON.stringify({ channels: Object.fromEntries(channels) });
  const head = ["POST /events?protocol=1 HTTP/1.1", "host: x", "accept: application/json"];
  const post = [...head, `content-length: ${body.length}`, "", body].join("\r\n");
  const before = usedBytes();
  for (let number = 0; number < 5; number++) {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).resume();
    socket.write("GET /events?channel=rooms/lobby&protocol=1 HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
    for (let index = 0; index < 950 && !socket.destroyed; index++) {
      if (socket.write(post)) continue;
      await new Promise<void>((resolve) => void socket.once("drain", resolve).once("close", resolve));
    }
  }
  expect(await mostUsed(port, before)).toBeLessThan(MOST);
}, 60_000);
