import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { lobby } from "../../../contract/test/test-contract.ts";
import { readUntil } from "../../test/read-until.ts";
import { until } from "../../test/until.ts";
import { closeAll, open, PATH, raw, serve } from "../../test/web-server.ts";

afterEach(closeAll);

/** A server whose responses a middleware changes. It knows what each of its sockets was told to write. */
async function serveChanged(change: (response: ServerResponse) => void = () => {}) {
  const writes: unknown[][] = [];
  const served = await serve((handler) => (request, response) => {
    change(response);
    handler(request, response);
  });
  served.server.on("connection", (socket: Socket) => {
    const ofSocket: unknown[] = [];
    writes.push(ofSocket);
    const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
    Object.assign(socket, {
      write(...given: unknown[]) {
        ofSocket.push(given[0]);
        return write(...given);
      },
    });
  });
  return { ...served, writes };
}

/** Opens streams, and publishes to all of them. */
async function follow({ hub, port }: Awaited<ReturnType<typeof serveChanged>>, count: number) {
  const responses = await Promise.all(Array.from({ length: count }, () => open(port)));
  await until(() => hub.stats().connections === count);
  await hub.publish(lobby, "message", { text: "one" });
  await Promise.all(responses.map((response) => readUntil(response, '{"text":"one"}')));
  return responses;
}

describe("the streams of a plain server", () => {
  test("write the same bytes to their sockets, framing and all, and the head goes with the first ones", async () => {
    const served = await serveChanged();
    await follow(served, 3);
    const { writes } = served;
    // The head, the hello, and the event.
    expect(writes.map(({ length }) => length)).toEqual([3, 3, 3]);
    expect(new Set(writes.map((ofSocket) => ofSocket[2])).size).toBe(1);
    expect(String(writes[0]?.[2])).toMatch(/^[0-9a-f]+\r\nevent: rooms\/lobby:message\n[^]*\n\n\r\n$/);
  });

  test("end with the last chunk, and with their socket", async () => {
    const { hub, port } = await serve();
    const answer = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\nGET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    await hub.close();
    expect((await answer).match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(await answer).toMatch(/data: \{"reason":"draining"\}\n\n\r\n0\r\n\r\n$/);
  });

  test("write nothing after a middleware has ended the response", async () => {
    const responses: ServerResponse[] = [];
    const { hub, port } = await serveChanged((response) => responses.push(response));
    const answer = raw(port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => hub.stats().connections === 1);
    const published = hub.publish(lobby, "message", { text: "too late" });
    responses[0]?.end();
    await published;
    expect(await answer).toMatch(/\n\n\r\n0\r\n\r\n$/);
    expect(await answer).not.toContain("too late");
    await until(() => hub.stats().connections === 0);
  });
});

describe("a stream goes through the response", () => {
  for (const name of ["write", "end", "flushHeaders"] as const) {
    test(`if a middleware has replaced its ${name}`, async () => {
      const served = await serveChanged((response) => {
        // Safe: it passes on what it gets.
        const original = response[name].bind(response) as (...given: unknown[]) => unknown;
        Object.assign(response, { [name]: (...given: unknown[]) => original(...given) });
      });
      await follow(served, 2);
      // Node writes the framing by itself.
      expect(served.writes.map((ofSocket) => String(ofSocket.at(-1)))).toEqual(["\r\n", "\r\n"]);
    });
  }

  test("if its body has no chunks", async () => {
    const served = await serveChanged((response) => {
      response.useChunkedEncodingByDefault = false;
    });
    const answer = raw(served.port, `GET ${PATH} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => served.hub.stats().connections === 1);
    await served.hub.publish(lobby, "message", { text: "one" });
    await served.hub.close();
    const [, body = ""] = (await answer).split("\r\n\r\n");
    expect(body).toMatch(/^retry: /);
    expect(body).not.toContain("\r");
  });
});
