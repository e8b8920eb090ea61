import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { lobby } from "../../../contract/test/test-contract.ts";
import { readUntil } from "../../test/read-until.ts";
import { until } from "../../test/until.ts";
import { closeAll, closing, open, openHub, PATH, raw, serve } from "../../test/web-server.ts";
import { toNodeHandler } from "../node.ts";

afterEach(closeAll);

test("a long page is written in parts that do not keep all of it in memory", async () => {
  // How many bytes stay in memory with each part that a reader does not take.
  const kept: number[] = [];
  const { hub, url } = await serve((handler) => (request, response) => {
    const write = response.write.bind(response) as (bytes: Uint8Array) => boolean;
    const noted = (bytes: Uint8Array) => {
      kept.push(bytes.buffer.byteLength);
      return write(bytes);
    };
    handler(request, Object.assign(response, { write: noted }));
  });
  const text = "x".repeat(50_000);
  for (let count = 0; count < 10; count++) await hub.publish(lobby, "message", { text });
  const answer = await fetch(`${url + PATH}&last=10`, { headers: { accept: "application/json" } });
  const { events } = (await answer.json()) as { events: { data: unknown }[] };
  expect(events.map(({ data }) => data)).toEqual(Array.from({ length: 10 }, () => ({ text })));
  expect(kept.length).toBeGreaterThan(6);
  expect(Math.max(...kept)).toBe(64 * 1024);
});

test.each(["HEAD", "OPTIONS"])(
  "%s over HTTP/2 writes nothing after its head: a framework would report it",
  async (method) => {
    const handler = toNodeHandler(openHub());
    const errors: Error[] = [];
    const server = createHttp2Server((request, response) => {
      response.stream.on("error", (error) => errors.push(error));
      void handler(request, response);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(
      () => server.close(),
      () => session.destroy(),
    );
    const request = session.request({ ":path": PATH, ":method": method }, { endStream: true });
    await once(request.resume(), "close");
    expect(errors).toEqual([]);
  },
);

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

  /** A server whose responses throw when one of their methods is called for the n-th time. */
  function serveThrowing(method: "write" | "flush" | "end", nth: number) {
    return serve((handler) => (request, response) => {
      let calls = 0;
      const wrapped = {
        write: response.write.bind(response) as (bytes: Uint8Array) => boolean,
        end: response.end.bind(response) as (bytes?: Uint8Array) => unknown,
        flush: () => {},
      };
      const { [method]: real } = wrapped;
      const throwing = (bytes: Uint8Array): unknown => {
        if (++calls === nth) throw new Error(`broken ${method}`);
        return real(bytes);
      };
      handler(request, Object.assign(response, { ...wrapped, [method]: throwing }));
    });
  }

  test.each([
    ["write", 1],
    ["write", 2],
    ["write", 9],
    ["end", 1],
  ] as const)("whose %s throws at call %i of a page breaks that page off, and it is reported", async (method, nth) => {
    const { hub, url, records } = await serveThrowing(method, nth);
    for (let count = 0; count < 100; count++) await hub.publish(lobby, "message", { text: "x".repeat(50_000) });
    const page = `${url + PATH}&protocol=1&last=100`;
    const reading = fetch(page, { headers: { accept: "application/json" } }).then((answer) => answer.text());
    await expect(reading).rejects.toThrow(/terminated|fetch failed/);
    expect(records).toMatchObject([
      { level: "error", event: "request-failed", error: { message: `broken ${method}` } },
    ]);
  });

  test.each([
    ["write", 1],
    ["write", 2],
    ["flush", 1],
    ["flush", 2],
    ["end", 1],
  ] as const)("whose %s throws at call %i of a stream breaks that stream off", async (method, nth) => {
    const { hub, port, records } = await serveThrowing(method, nth);
    const reading = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1 || records.length > 0);
    if (method === "end") await hub.disconnect({ address: lobby });
    else await hub.publish(lobby, "message", { text: "one" });
    expect((await reading).endsWith("\r\n0\r\n\r\n")).toBe(false);
    expect(records).toMatchObject([{ level: "error", detail: "sink", error: { message: `broken ${method}` } }]);
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
