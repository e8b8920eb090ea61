import { once } from "node:events";
import { IncomingMessage, ServerResponse } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket, Socket, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lobby } from "../../contract/test/test-contract.ts";
import { readUntil } from "../test/read-until.ts";
import { until } from "../test/until.ts";
import { closeAll, closing, open, openHub, PATH, raw, serve, serveWatched } from "../test/web-server.ts";
import type { Sink, StreamResponse } from "./index.ts";
import { toNodeHandler } from "./node.ts";

afterEach(closeAll);

describe("a stream", () => {
  test("has the headers of the protocol, and events as they are published", async () => {
    const { hub, port } = await serve();
    const response = await open(port);
    expect(response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      vary: "Accept, Origin",
    });
    await until(() => hub.stats().connections === 1);
    const { id } = await hub.publish(lobby, "message", { text: "hi" });
    expect(await readUntil(response, `id: ${id}\n\n`)).toContain(
      `event: rooms/lobby:message\ndata: {"text":"hi"}\nid: ${id}\n\n`,
    );
  });

  test("whose reader leaves is forgotten", async () => {
    const { hub, port } = await serve();
    const response = await open(port);
    await until(() => hub.stats().connections === 1);
    response.destroy();
    await until(() => hub.stats().connections === 0);
    expect(hub.stats().channels).toBe(0);
  });

  test("whose reader left before the answer is never opened", async () => {
    let left = (): void => {};
    const leaving = new Promise<void>((resolve) => (left = resolve));
    const { hub, port } = await serve((handler) => (request, response) => {
      // A slow middleware.
      response.once("close", left);
      void leaving.then(() => handler(request, response));
    });
    const socket = connectSocket(port, "127.0.0.1");
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(socket, "connect");
    socket.destroy();
    await leaving;
    const response = await open(port, "/events?channel=nowhere");
    expect(response.statusCode).toBe(404);
    expect(hub.stats().connections).toBe(0);
  });

  test.each([
    ["of a GET", "GET", "", 1_000_000],
    ["of a long poll", "GET", "&wait=60", 1_000_000],
    ["that waits behind a stream", "POST", "", 16_384],
  ])("whose reader leaves a body %s unfinished is forgotten at once", async (_, method, more, length) => {
    const { hub, port } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    const accept = more === "" ? "*/*" : "application/json";
    if (method === "POST") socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    socket.write(
      `${method} ${PATH}${more} HTTP/1.1\r\nhost: x\r\naccept: ${accept}\r\ncontent-length: ${length}\r\n\r\n`,
    );
    socket.write("x".repeat(length - 1));
    await until(() => hub.stats().channels === 1);
    socket.end();
    await until(() => hub.stats().channels === 0);
    socket.destroy();
    expect(hub.stats().connections).toBe(0);
  });

  test("that waits behind another one on its socket takes no room, and neither does a long poll", async () => {
    const { hub, port } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    const ask = (more = "", accept = "*/*") => `GET ${PATH}${more} HTTP/1.1\r\nhost: x\r\naccept: ${accept}\r\n\r\n`;
    socket.write(ask() + ask() + ask("&wait=60", "application/json") + ask());
    await until(() => hub.stats().connections === 1);
    await (await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: { accept: "application/json" } })).text();
    expect(hub.stats().connections).toBe(1);
    socket.destroy();
    await until(() => hub.stats().channels === 0);
    expect(hub.stats().connections).toBe(0);
  });

  test.each([
    ["more than 16 requests", `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(17)],
    [
      "more than 16 KB of bodies",
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 8193\r\n\r\n${"x".repeat(8_193)}`.repeat(2),
    ],
    [
      "bodies without a length, even one,",
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n11170\r\n${"x".repeat(70_000)}`,
    ],
  ])("a socket on which %s wait behind a stream is closed", async (_, waiting) => {
    const { hub, port } = await serve();
    const socket = connectSocket(port, "127.0.0.1").resume();
    socket.on("error", () => {});
    socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    socket.write(waiting);
    await until(() => socket.destroyed);
    await until(() => hub.stats().connections === 0);
    expect(hub.stats().channels).toBe(0);
  });

  test("many pipelined requests are answered one after the other, without a warning of Node", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", warn);
    closing.push(() => process.off("warning", warn));
    const { port } = await serve();
    const page = `GET ${PATH} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n\r\n`;
    const last = `GET /events?channel=nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const text = await raw(port, page.repeat(16) + last);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(16);
    expect(text).toContain("HTTP/1.1 404");
    expect(warnings).toEqual([]);
  });

  test("of HTTP/1.0 ends by closing, without chunks", async () => {
    const { hub, port } = await serve();
    const answer = raw(port, `GET ${PATH} HTTP/1.0\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    await hub.close();
    const text = await answer;
    expect(text).toMatch(/connection: close/i);
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text).toMatch(/\r\n\r\nretry: \d+\nevent: hello\n[^]*event: bye\ndata: {"reason":"draining"}\n\n$/);
  });

  test("is the last answer on its socket when the hub closes, and so is a refusal", async () => {
    const { hub, port } = await serve();
    const ask = (query: string) => raw(port, `GET ${PATH}${query} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const stream = ask("");
    await until(() => hub.stats().connections === 1);
    await hub.close();
    for (const answer of [stream, ask(""), ask("&protocol=1")]) {
      expect(await answer).toMatch(/^HTTP\/1\.1 (200|503) [^]*\r\nconnection: close\r\n/i);
    }
  });

  test("whose reader has stopped reading is cut off some time after its end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    closing.push(() => vi.useRealTimers());
    const request = new IncomingMessage(new Socket());
    const response = new ServerResponse(request);
    const opened = new Promise<Sink>((resolve) => {
      const openStream: StreamResponse["open"] = (sink) => {
        resolve(sink);
        return { drained: () => {}, closed: () => {} };
      };
      void toNodeHandler({ handle: async () => ({ status: 200, headers: {}, open: openStream }) })(request, response);
    });
    (await opened).end();
    vi.advanceTimersByTime(4_999);
    expect(response.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(response.destroyed).toBe(true);
  });

  test("over HTTP/2 works as over HTTP/1.1", async () => {
    const hub = openHub();
    const server = createHttp2Server(toNodeHandler(hub));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    closing.push(
      () => server.close(),
      () => session.destroy(),
    );
    const stream = session.request({ ":path": PATH, origin: `http://127.0.0.1:${port}` });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect([headers[":status"], headers["content-type"], headers["connection"]]).toEqual([
      200,
      "text/event-stream",
      undefined,
    ]);
    await until(() => hub.stats().connections === 1);
    await hub.publish(lobby, "message", { text: "hi" });
    await readUntil(stream, '{"text":"hi"}');
    stream.close();
    await until(() => hub.stats().connections === 0);

    // More than HTTP/2 sends before it is read: the stream must not wait for the rest.
    const taken = once(server, "stream") as Promise<[ServerHttp2Stream]>;
    const post = session.request({ ":path": "/events", ":method": "POST" });
    post.end("x".repeat(3_000_000));
    const [[refused], [upload]] = await Promise.all([once(post, "response"), taken]);
    expect(refused).toMatchObject({ ":status": 413 });
    await until(() => upload.destroyed);
    expect(upload.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe("a slow socket", () => {
  test("stops the connection, which catches up when it drains", async () => {
    const { hub, port, isFull } = await serveWatched();
    const response = await open(port);
    await until(() => hub.stats().connections === 1);
    response.pause();
    for (let index = 0; index < 400; index++) {
      await hub.publish(lobby, "message", { text: `${index} ${"x".repeat(50_000)}` });
    }
    await until(isFull);
    const { id } = await hub.publish(lobby, "message", { text: "last" });
    const text = await readUntil(response, `id: ${id}`);
    expect(text.match(/event: rooms/g)).toHaveLength(401);
  });
});

describe("a whole answer", () => {
  test("is a page with its length, and the socket lives on", async () => {
    const { url } = await serve();
    for (let round = 0; round < 2; round++) {
      const response = await fetch(url + PATH, { headers: { accept: "application/json" } });
      expect(response.status).toBe(200);
      expect(Number(response.headers.get("content-length"))).toBe((await response.text()).length);
    }
  });

  test("to HEAD has no body", async () => {
    const { port, url } = await serve();
    const response = await fetch(url + PATH, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const text = await raw(port, `HEAD ${PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(text.endsWith("\r\n\r\n")).toBe(true);
  });

  test("to OPTIONS is 204", async () => {
    const { url } = await serve();
    expect((await fetch(url + PATH, { method: "OPTIONS" })).status).toBe(204);
  });
});
