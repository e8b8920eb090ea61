import { once } from "node:events";
import { createServer, get, type IncomingMessage, type RequestListener } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { createBalancer } from "./balancer.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: a server on a port has such an address.
  return (server.address() as AddressInfo).port;
}

/** Starts a server that answers with its name, unless told otherwise. */
async function startServer(name: string, answer: RequestListener = (_request, response) => void response.end(name)) {
  const server = createServer(answer);
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(() => void stop());
  return { port: await listen(server), stop };
}

async function startBalancer(ports: readonly number[]): Promise<string> {
  const balancer = createBalancer(() => ports);
  onTestFinished(() => void balancer.close());
  return `http://127.0.0.1:${await listen(balancer)}`;
}

/** Opens a stream on a connection of its own. */
async function open(url: string): Promise<IncomingMessage> {
  const request = get(url, { agent: false });
  request.on("error", () => {});
  onTestFinished(() => void request.destroy());
  // Node's answer to a request: one argument, the message.
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response.setEncoding("utf8");
}

const chunkOf = async (stream: IncomingMessage): Promise<unknown> => (await once(stream, "data"))[0];

test("open streams are spread over the servers, and whoever has fewer gets the next one", async () => {
  const streamName =
    (name: string): RequestListener =>
    (_request, response) =>
      void response.write(name);
  const servers = [await startServer("one", streamName("1")), await startServer("two", streamName("2"))];
  const url = await startBalancer(servers.map(({ port }) => port));
  const streams = await Promise.all(Array.from({ length: 10 }, () => open(url)));
  const names = await Promise.all(streams.map(chunkOf));
  expect(names.filter((name) => name === "1")).toHaveLength(5);
  // Those of the first server leave, so the next five are for it.
  for (const [index, stream] of streams.entries()) if (names[index] === "1") stream.destroy();
  await delay(50);
  const next = await Promise.all(Array.from({ length: 5 }, async () => chunkOf(await open(url))));
  expect(next).toEqual(["1", "1", "1", "1", "1"]);
});

test("bytes flow at once, in both directions", async () => {
  const echo = createTcpServer((socket) => void socket.pipe(socket));
  onTestFinished(() => void echo.close());
  const { port } = new URL(await startBalancer([await listen(echo)]));
  const socket = connect(Number(port), "127.0.0.1").setEncoding("utf8");
  // Each is sent only when the one before it has come back.
  for (const text of ["a", "b", "c"]) {
    socket.write(text);
    expect((await once(socket, "data"))[0]).toBe(text);
  }
  socket.end();
  await once(socket, "close");
});

test("a server that is down is passed over", async () => {
  const [one, two] = [await startServer("one"), await startServer("two")];
  const url = await startBalancer([one.port, two.port]);
  const ask = async () => chunkOf(await open(url));
  await one.stop();
  expect(await Promise.all([ask(), ask(), ask()])).toEqual(["two", "two", "two"]);
});

test("without any server the answer is 503 and says when to try again", async () => {
  const one = await startServer("one");
  const url = await startBalancer([one.port]);
  await one.stop();
  const response = await fetch(url);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await response.json()).toMatchObject({ status: 503, detail: expect.stringMatching(/No server/) });
});

test("where a server dies its connections break, and where a client leaves its server is told", async () => {
  let left = 0;
  const { port, stop } = await startServer("one", (_request, response) => {
    response.on("close", () => left++);
    response.write("on");
  });
  const url = await startBalancer([port]);
  const [staying, leaving] = [await open(url), await open(url)];
  await Promise.all([chunkOf(staying), chunkOf(leaving)]);
  leaving.destroy();
  await expect.poll(() => left).toBe(1);
  const broken = new Promise((resolve) => staying.on("error", () => {}).on("close", resolve));
  await stop();
  await broken;
});
