import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { connect as connectSocket, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { closeAll, closing, serve } from "../../test/web-server.ts";
import { toNodeHandler } from "../node.ts";

afterEach(closeAll);

/** A POST over HTTP/2 whose body the test writes. */
async function askHttp2(
  handler: (request: Http2ServerRequest, response: Http2ServerResponse) => Promise<void>,
  headers: OutgoingHttpHeaders = {},
) {
  const server = createHttp2Server(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: a server that listens on TCP has an address of this shape.
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => {
    session.destroy();
    server.close();
  });
  const request = session.request({ ":method": "POST", ":path": "/events", ...headers });
  request.on("error", () => {});
  return request;
}

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

  test("is read although a parser of Express 4 has set an empty object", async () => {
    const { url } = await serve((handler) => (request, response) => {
      handler(Object.assign(request, { body: {} }), response);
    });
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

  test.each([
    ["says its length", (body: string) => `content-length: ${body.length}\r\n\r\n${body}`],
    [
      "does not say its length",
      (body: string) => `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])("that is much too long and %s is 413 also for a proxy, which reads only when it has sent all", async (_, send) => {
    const { port } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    closing.push(() => void socket.destroy());
    let received = "";
    socket.pause().on("data", (part) => (received += String(part)));
    const request = `POST /events HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n${send(" ".repeat(600_000))}`;
    for (let sent = 0; sent < request.length; sent += 100_000) {
      socket.write(request.slice(sent, sent + 100_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const closed = once(socket, "close");
    socket.resume();
    await closed;
    expect(received).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    ["says its length", "content-length: 600000\r\n\r\n", 1_000],
    ["does not say its length", "transfer-encoding: chunked\r\n\r\n20000\r\n", 70_000],
  ])("that is too long, comes slowly and %s is 413 after a second", async (_, head, size) => {
    const { port } = await serve();
    const socket = connectSocket(port, "127.0.0.1");
    closing.push(() => void socket.destroy());
    socket.write(`POST /events HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n${head}${" ".repeat(size)}`);
    const more = setInterval(() => socket.write(" ".repeat(100)), 50);
    closing.push(() => clearInterval(more));
    const [answer] = (await once(socket, "data")) as [Buffer];
    clearInterval(more);
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    ["says its length", { "content-length": 600_000 }, 1_000],
    ["does not say its length", {}, 70_000],
  ])("that is too long, comes slowly over HTTP/2 and %s is 413 at once", async (_, length, size) => {
    const handler = toNodeHandler({
      async handle(request) {
        const coming = { signal: request.signal, hold: () => {}, drop: () => {} };
        const failure: unknown = await request.json(65_536, coming).catch((error: unknown) => error);
        return { status: failure instanceof RangeError ? 413 : 200, headers: {}, body: "too long" };
      },
    });
    const stream = await askHttp2(handler, length);
    let isClosed = false;
    stream.once("close", () => (isClosed = true));
    stream.write(" ".repeat(size));
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(headers[":status"]).toBe(413);
    stream.resume();
    await expect.poll(() => isClosed).toBe(true);
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
        await request
          .json(100, { signal: request.signal, hold: () => {}, drop: () => {} })
          .catch((error: unknown) => refuse(String(error)));
        return { status: 200, headers: {}, body: "" };
      },
    });
    const stream = await askHttp2(handler);
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
    // In chunks, a body does not say its length; a compressed one says another.
    const long = JSON.stringify({ channels: { "rooms/lobby": null }, ignored: "x".repeat(70_000) });
    expect((await post(url, new Blob([long]).stream(), { duplex: "half" })).status).toBe(413);
  });

  test.each(["utf8", "latin1", "base64", "hex"] as const)(
    "to which a middleware has given the encoding %s is read all the same",
    async (encoding) => {
      const { url } = await serve((handler) => (request, response) => {
        request.setEncoding(encoding);
        handler(request, response);
      });
      const body = JSON.stringify({ channels: { [`rooms/${encodeURIComponent("é")}`]: null }, ignored: "é🎉" });
      expect((await post(url, body)).status).toBe((await post((await serve()).url, body)).status);
      expect((await post(url, BODY)).status).toBe(200);
      expect((await post(url, BODY.padEnd(70_000))).status).toBe(413);
    },
  );
});
