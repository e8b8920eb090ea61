import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { memoryLog } from "@tidings/log";
import { afterEach, describe, expect, test } from "vitest";
import { lobby, testContract } from "../../../../contract/test/test-contract.ts";
import { readUntil } from "../../../test/read-until.ts";
import { until } from "../../../test/until.ts";
import { closeAll, closing, open, PATH, raw } from "../../../test/web-server.ts";
import type { HubRequest } from "../../hub-options.ts";
import { createHub } from "../../index.ts";
import { takeStreams, toNodeHandler, type BareRequest } from "../../node.ts";

afterEach(closeAll);

type Authenticate = (request: HubRequest<BareRequest | IncomingMessage>) => Promise<{ id: string } | null>;

/** A server whose plain streams are taken. It knows which requests have reached node:http. */
async function serve(authenticate: Authenticate = async () => ({ id: "ada" })) {
  const hub = createHub(testContract, { log: memoryLog(), authenticate, authorize: () => true, onLog: () => {} });
  const handler = toNodeHandler(hub);
  const reached: string[] = [];
  const server = createServer((request, response) => {
    reached.push(`${request.method} ${request.url}`);
    if (request.url?.startsWith("/events")) void handler(request, response);
    else response.end("of the application");
  });
  takeStreams(server, { hub, path: "/events" });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  // Safe: a server that listens on TCP has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return { hub, server, port, url: `http://127.0.0.1:${port}`, reached };
}

describe("a plain stream", () => {
  test("does not reach node:http, and gets what a stream gets", async () => {
    const { hub, port, reached } = await serve();
    const response = await open(port);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      vary: "Accept, Origin",
      connection: "close",
      "transfer-encoding": "chunked",
      date: expect.stringMatching(/ GMT$/),
    });
    await until(() => hub.stats().connections === 1);
    await hub.publish(lobby, "message", { text: "one" });
    await readUntil(response, '{"text":"one"}');
    expect(reached).toEqual([]);
  });

  test("shows authenticate its headers, its URL and its connection", async () => {
    const seen: unknown[] = [];
    const { hub, port } = await serve(async ({ method, url, headers, raw: { socket } }) => {
      seen.push(method, url, headers.get("Cookie"), headers.get("x-none"), socket.remoteAddress);
      return { id: "ada" };
    });
    const answer = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\ncookie: a=b\r\n\r\n`);
    await until(() => seen.length > 0);
    expect(seen).toEqual(["GET", PATH, "a=b", null, "127.0.0.1"]);
    await hub.close();
    await answer;
  });

  test("that is refused gets the whole answer, and its socket is closed", async () => {
    const { port, reached } = await serve(async () => null);
    const answer = await raw(port, `GET ${PATH}&protocol=1 HTTP/1.1\r\nhost: x\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toContain(`content-length: ${body.length}`);
    expect(JSON.parse(body)).toMatchObject({ code: "unauthenticated" });
    expect(reached).toEqual([]);
  });

  test("ends with bye and the last chunk, and then the server can close", async () => {
    const { hub, server, port } = await serve();
    const answer = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    await hub.close();
    expect(await answer).toMatch(/data: \{"reason":"draining"\}\n\n\r\n0\r\n\r\n$/);
    await new Promise((resolve) => server.close(resolve));
  });

  test("goes on when its client sends more, which nobody answers, and ends when its client leaves", async () => {
    const { hub, port, reached } = await serve();
    const socket = connect(port, "127.0.0.1");
    closing.push(() => socket.destroy());
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    socket.write("GET /other HTTP/1.1\r\nhost: x\r\n\r\n");
    await hub.publish(lobby, "message", { text: "one" });
    await readUntil(socket, '{"text":"one"}');
    expect(reached).toEqual([]);
    socket.destroy();
    await until(() => hub.stats().connections === 0);
  });

  test("whose client leaves while authenticate is busy tells it so, and never begins", async () => {
    let asked: AbortSignal | null = null;
    const { hub, port } = await serve(async ({ signal }) => {
      asked = signal;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { id: "ada" };
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => asked !== null);
    socket.destroy();
    await until(() => asked?.aborted === true);
    expect(hub.stats().connections).toBe(0);
  });
});

describe("node:http gets", () => {
  test.each([
    ["another path", "GET /other HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "GET /other"],
    [
      "a page",
      `GET ${PATH} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\nconnection: close\r\n\r\n`,
      `GET ${PATH}`,
    ],
    ["HEAD", `HEAD ${PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, `HEAD ${PATH}`],
    ["HTTP/1.0", `GET ${PATH}&after=e.1 HTTP/1.0\r\naccept: application/json\r\n\r\n`, `GET ${PATH}&after=e.1`],
  ])("%s", async (_name, text, reachedAs) => {
    const { port, reached } = await serve();
    expect(await raw(port, text)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(reached).toEqual([reachedAs]);
  });

  test("a POST with its body, and more requests on the same socket", async () => {
    const { url, reached } = await serve();
    const body = '{"channels":{"rooms/lobby":null}}';
    const init = { method: "POST", body, headers: { accept: "application/json" } };
    for (let count = 0; count < 2; count++) {
      const answer = await fetch(`${url}/events`, init);
      expect(await answer.json()).toMatchObject({ events: [] });
    }
    expect(reached).toEqual(["POST /events", "POST /events"]);
  });

  test("a head in pieces, whole", async () => {
    const { hub, server, port, reached } = await serve();
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const socket = connect(port, "127.0.0.1").setNoDelay();
    closing.push(() => socket.destroy());
    socket.write(`GET ${PATH} HTT`);
    const [other] = await accepted;
    await until(() => other.bytesRead > 0);
    socket.write("P/1.1\r\nhost: x\r\n\r\n");
    await until(() => hub.stats().connections === 1);
    expect(reached).toEqual([`GET ${PATH}`]);
  });

  test("pipelined requests, all of them", async () => {
    const { port, reached } = await serve();
    const one = "GET /other HTTP/1.1\r\nhost: x\r\n\r\n";
    await raw(port, `${one}${one}GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(reached).toEqual(["GET /other", "GET /other", "GET /last"]);
  });
});

test("a connection that sends nothing is closed after the time for a head", async () => {
  const { server, port } = await serve();
  server.headersTimeout = 50;
  expect(await raw(port, "")).toBe("");
});

describe("closeAllConnections of the server closes", () => {
  test("a connection that has sent nothing, as browsers open them in advance", async () => {
    const { server, port } = await serve();
    const accepted = once(server, "connection");
    const socket = connect(port, "127.0.0.1").resume();
    const closed = once(socket, "close");
    await accepted;
    const serverClosed = once(server.close(), "close");
    server.closeAllConnections();
    await Promise.all([closed, serverClosed]);
    expect(socket.bytesRead).toBe(0);
  });

  test("a stream, and others are served afterwards", async () => {
    const { hub, server, port } = await serve();
    const answer = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    server.closeAllConnections();
    expect(await answer).toContain("event: hello");
    await until(() => hub.stats().connections === 0);
    const { status } = await fetch(`http://127.0.0.1:${port}/other`);
    expect(status).toBe(200);
  });
});

describe("takeStreams refuses", () => {
  const hub = { handle: () => Promise.reject(new Error("never")) };

  test.each(["events", "/events?x", "/a b", "", "/é"])("the path %j", (path) => {
    expect(() => takeStreams(createServer(), { hub, path })).toThrow(/^Expected a path like "\/events"/);
  });

  test("a server that listens, and one over TLS", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    closing.push(() => server.close());
    await once(server, "listening");
    expect(() => takeStreams(server, { hub, path: "/events" })).toThrow(/does not listen yet/);
    const secure = createHttpsServer() as unknown as Server;
    expect(() => takeStreams(secure, { hub, path: "/events" })).toThrow(/streams over TLS are not taken/);
  });

  test("what is not a hub, and an unknown option", () => {
    const none = {} as typeof hub;
    expect(() => takeStreams(createServer(), { hub: none, path: "/events" })).toThrow(/hub/);
    const more = { hub, path: "/events", host: "x" };
    expect(() => takeStreams(createServer(), more)).toThrow(/"host"/);
  });
});
