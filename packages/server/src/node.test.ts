import { once } from "node:events";
import { createServer, IncomingMessage, ServerResponse } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectSocket, Socket, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lobby } from "../../contract/test/test-contract.ts";
import {
  closeAll,
  closing,
  open,
  openHub,
  PATH,
  raw,
  readUntil,
  serve,
  serveWatched,
  until,
} from "../test/web-server.ts";
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
    ["of a GET", "GET", ""],
    ["of a long poll", "GET", "&wait=60"],
    ["that is too long, behind a stream", "POST", ""],
  ])("whose reader leaves a body %s unfinished is forgotten as soon as the reader is gone", async (_, method, more) => {
    const { hub, port } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    const accept = more === "" ? "*/*" : "application/json";
    if (method === "POST") socket.write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    socket.write(
      `${method} ${PATH}${more} HTTP/1.1\r\nhost: x\r\naccept: ${accept}\r\ncontent-length: 1000000\r\n\r\n`,
    );
    socket.write("x".repeat(500_000));
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

  test("many pipelined requests are answered one after the other, without a warning of Node", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on("warning", warn);
    closing.push(() => process.off("warning", warn));
    const { port } = await serve();
    const page = `GET ${PATH} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n\r\n`;
    const last = `GET /events?channel=nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    const text = await raw(port, page.repeat(500) + last);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(500);
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
    let end = (): void => {};
    const handler = toNodeHandler({
      handle: async () => ({
        status: 200,
        headers: {},
        open: (sink) => {
          end = () => sink.end();
          return { drained: () => {}, closed: () => {} };
        },
      }),
    });
    const request = new IncomingMessage(new Socket());
    const response = new ServerResponse(request);
    void handler(request, response);
    await Promise.resolve();
    end();
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
    post.end("x".repeat(1_000_000));
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

describe("a body", () => {
  const post = (url: string, body: NonNullable<RequestInit["body"]>, more: RequestInit & { duplex?: "half" } = {}) =>
    fetch(`${url}/events?protocol=1`, {
      method: "POST",
      body,
      headers: { accept: "application/json", "content-type": "application/json" },
      ...more,
    });
  const BODY = JSON.stringify({ channels: { "rooms/lobby": null } });

  test("names the channels", async () => {
    const { url } = await serve();
    expect((await post(url, BODY)).status).toBe(200);
  });

  test.each(["{", "", "null", "[1]", '"text"'])("%j is 400", async (body) => {
    const { url } = await serve();
    expect((await post(url, body)).status).toBe(400);
  });

  test("that is too long is 413, whether it says so or not, and the client gets to read that", async () => {
    const { url } = await serve();
    const body = BODY.padEnd(70_000);
    const said = await post(url, body);
    expect([said.status, await said.json()]).toEqual([413, expect.objectContaining({ code: "too-large" })]);
    const unsaid = await post(url, new Blob([body]).stream(), { duplex: "half" });
    expect(unsaid.status).toBe(413);
  });

  test("that breaks off ends only its own request", async () => {
    const { port, url } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    socket.write('POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"chan');
    await once(socket, "connect");
    socket.destroy();
    expect((await post(url, BODY)).status).toBe(200);
  });

  test("is given up when the hub reads it after the client has left", async () => {
    let refuse: (reason: string) => void = () => {};
    const refused = new Promise<string>((resolve) => {
      refuse = resolve;
    });
    const handler = toNodeHandler({
      async handle(request) {
        await once(request.signal, "abort");
        await request.json(100).catch((error: unknown) => refuse(String(error)));
        return { status: 200, headers: {}, body: "" };
      },
    });
    const server = createHttp2Server(handler).listen(0, "127.0.0.1");
    await once(server, "listening");
    // Safe: a server that listens on TCP has an address of this shape.
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(() => {
      session.destroy();
      server.close();
    });
    const stream = session.request({ ":method": "POST", ":path": "/events" });
    stream.on("error", () => {});
    await new Promise((written) => {
      stream.write('{"chan', written);
    });
    stream.close(constants.NGHTTP2_CANCEL);
    expect(await refused).toContain("abort");
  });

  test.each([
    ["parsed", (text: string): unknown => JSON.parse(text)],
    ["as text", (text: string): unknown => text],
    ["as bytes", (text: string): unknown => Buffer.from(text)],
  ])("that a middleware has read, %s, is taken from there", async (_, parse) => {
    const { url } = await serve((handler) => async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      handler(Object.assign(request, { body: parse(text) }), response);
    });
    expect((await post(url, BODY)).status).toBe(200);
    expect((await post(url, "[]")).status).toBe(400);
    expect((await post(url, BODY.padEnd(70_000))).status).toBe(413);
  });
});

describe("an application around it", () => {
  test("that mounts it under a path loses nothing of the query", async () => {
    const { url } = await serve((handler) => (request, response) => {
      const originalUrl = request.url ?? "";
      // As Express does under a mount point.
      request.url = "/";
      handler(Object.assign(request, { originalUrl }), response);
    });
    expect((await fetch(`${url}/api${PATH}&wait=0`, { headers: { accept: "application/json" } })).status).toBe(200);
  });

  test("that varies its answers by more still does", async () => {
    const { url } = await serve((handler) => (request, response) => {
      response.setHeader("vary", "Accept-Encoding");
      handler(request, response);
    });
    const { headers } = await fetch(url + PATH, { method: "HEAD" });
    expect(headers.get("vary")).toBe("Accept-Encoding, Accept, Origin");
  });

  test("that wraps write and flush sees every byte, and a wrapper that answers nothing stops nothing", async () => {
    const seen: string[] = [];
    let flushes = 0;
    const { hub, port } = await serve((handler) => (request, response) => {
      const write = response.write.bind(response) as (bytes: Uint8Array) => boolean;
      const wrapped = Object.assign(response, {
        write: (bytes: Uint8Array) => {
          seen.push(new TextDecoder().decode(bytes));
          write(bytes);
        },
        flush: () => flushes++,
      });
      handler(request, wrapped);
    });
    const response = await open(port);
    await until(() => hub.stats().connections === 1);
    await hub.publish(lobby, "message", { text: "one" });
    await readUntil(response, '{"text":"one"}');
    expect(seen.join("")).toContain("one");
    expect(flushes).toBe(seen.length);
  });

  test("that has begun to answer already is not disturbed", async () => {
    const { url, hub } = await serve((handler) => (request, response) => {
      handler(request, response);
      response.statusCode = 418;
      response.write("short");
      setImmediate(() => setImmediate(() => response.end(" and stout")));
    });
    const response = await fetch(url + PATH);
    expect([response.status, await response.text()]).toEqual([418, "short and stout"]);
    expect(hub.stats().connections).toBe(0);
  });

  test("whose response cannot be written loses that response only", async () => {
    const { url } = await serve((handler) => (request, response) => {
      if (request.headers["x-broken"] === undefined) return handler(request, response);
      response.setHeader = () => {
        throw new Error("broken");
      };
      return handler(request, response);
    });
    await expect(fetch(url + PATH, { headers: { "x-broken": "1" } })).rejects.toThrow("fetch failed");
    expect((await fetch(`${url}/events?channel=nowhere&protocol=1`)).status).toBe(404);
  });

  test("whose hub breaks its word loses that response only", async () => {
    const server = createServer(toNodeHandler({ handle: () => Promise.reject(new Error("broken")) }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    await expect(fetch(`http://127.0.0.1:${port}${PATH}`)).rejects.toThrow("fetch failed");
  });
});
