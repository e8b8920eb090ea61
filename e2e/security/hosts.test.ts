import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect, createServer, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../listen.ts";
import { serveHub } from "../serve-hub.ts";
import { testContract } from "../../packages/contract/test/test-contract.ts";
import { servers } from "../wire/servers.ts";

async function statusOf(port: number, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const request = get({ port, host: "127.0.0.1", path: "/events?protocol=1&channel=rooms/lobby", headers });
  // Safe: the event has the response.
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.destroy();
  return response.statusCode;
}

test.each(servers.filter(({ http }) => http === 1))(
  "$name: a name that a page has pointed at this machine is refused before anybody is asked who it is (DNS rebinding)",
  async ({ serve }) => {
    let asked = 0;
    const hub = createHub(testContract, {
      log: memoryLog(),
      hosts: ["localhost", "127.0.0.1"],
      authenticate: () => ({ id: `viewer-${asked++}` }),
      authorize: () => true,
    });
    const port = await serveHub(hub, serve);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, "LOCALHOST"]) {
      expect(await statusOf(port, { host }), host).toBe(200);
    }
    // The browser takes the page for one of the same origin.
    const rebound = `evil.example:${port}`;
    const own = { host: rebound, origin: `http://${rebound}`, "sec-fetch-site": "same-origin" };
    for (const headers of [{ host: rebound }, own, { host: "localhost.evil.example" }]) {
      expect(await statusOf(port, headers), JSON.stringify(headers)).toBe(403);
    }
    expect(asked).toBe(3);
  },
);

test.each(servers.filter(({ name }) => name.endsWith("node:http")))(
  "$name: the host of a whole URL counts, whatever the Host header says, and two Host headers are refused",
  async ({ serve }) => {
    const hub = createHub(testContract, { log: memoryLog(), hosts: ["app.example"], authorize: () => true });
    const port = await serveHub(hub, serve);
    const target = "/events?protocol=1&channel=rooms/lobby";
    async function answerTo(url: string, ...hosts: readonly string[]): Promise<string> {
      const socket = connectSocket(port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      const lines = [`GET ${url} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`), "", ""];
      socket.write(lines.join("\r\n"));
      const [bytes] = (await once(socket, "data")) as [Buffer];
      return bytes.toString().slice(0, "HTTP/1.1 200".length);
    }
    expect(await answerTo(`http://app.example${target}`, "app.example")).toBe("HTTP/1.1 200");
    expect(await answerTo(`http://app.example${target}`, "evil.example")).toBe("HTTP/1.1 200");
    for (const [url, ...hosts] of [
      [`http://evil.example${target}`, "app.example"],
      [`HTTP://evil.example${target}`, "app.example"],
      [target, "app.example", "evil.example"],
      [target, "evil.example", "app.example"],
    ] as const) {
      expect(await answerTo(url, ...hosts), `${url} ${hosts.join()}`).toBe("HTTP/1.1 403");
    }
  },
);

test("over HTTP/2, the authority counts, whatever a host header says", async () => {
  const hub = createHub(testContract, { log: memoryLog(), hosts: ["app.example"], authorize: () => true });
  onTestFinished(() => hub.close());
  const { port } = await listen(createServer(toNodeHandler(hub)));
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  async function statusOfAuthority(authority: string, host: string): Promise<unknown> {
    const request = session.request({
      ":path": "/events?protocol=1&channel=rooms/lobby",
      ":authority": authority,
      host,
    });
    // Safe: the event has the headers.
    const [headers] = (await once(request, "response")) as [IncomingHttpHeaders];
    request.close();
    return headers[":status"];
  }
  expect(await statusOfAuthority("app.example", "evil.example")).toBe(200);
  expect(await statusOfAuthority("evil.example", "app.example")).toBe(403);
});
