import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { toFetchHandler } from "@tidings/server/fetch";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { listen, listeningServer, type ListeningServer } from "../listen.ts";
import { lobby } from "../../packages/contract/test/test-contract.ts";
import { openHub } from "./test-hub.ts";

type TestHub = ReturnType<typeof openHub>["hub"];

const servers: Readonly<Record<string, (hub: TestHub) => Promise<{ server: Server; listening: ListeningServer }>>> = {
  async "node:http"(hub) {
    const server = createServer(toNodeHandler(hub));
    return { server, listening: await listen(server) };
  },
  async "takeStreams in front of node:http"(hub) {
    const server = createServer(toNodeHandler(hub));
    takeStreams(server, { hub, path: "/events" });
    return { server, listening: await listen(server) };
  },
  async "Hono on node-server"(hub) {
    const handler = toFetchHandler(hub);
    const app = new Hono().all("/events", (context) => handler(context.req.raw));
    // Safe: Hono's server is one of node:http, unless it is told otherwise.
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
    await once(server, "listening");
    return { server, listening: listeningServer(server) };
  },
};

test.each(Object.entries(servers))(
  "%s: the socket of a reader that takes nothing is closed some seconds after the hub",
  async (_, start) => {
    const { hub } = openHub();
    const { server, listening } = await start(hub);
    onTestFinished(() => void listening.close());
    const socket = connect(listening.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).pause();
    socket.write("GET /events?channel=rooms/lobby HTTP/1.1\r\nhost: x\r\n\r\n");
    await expect.poll(() => hub.stats().connections).toBe(1);
    // More than the buffers of a socket hold.
    for (let index = 0; index < 400; index++) {
      await hub.publish(lobby, "message", { text: "x".repeat(50_000) });
      await nextTurn();
    }
    await hub.close();
    const openSockets = (): Promise<number> =>
      new Promise((resolve) => {
        server.getConnections((_error, count) => resolve(count));
      });
    expect(await openSockets()).toBe(1);
    await expect.poll(openSockets, { timeout: 10_000 }).toBe(0);
  },
);
