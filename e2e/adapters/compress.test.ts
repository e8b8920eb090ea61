import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import compress from "@fastify/compress";
import { serve } from "@hono/node-server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import fastify from "fastify";
import { Hono } from "hono";
import { compress as honoCompress } from "hono/compress";
import { expect, test } from "vitest";
import { expectFlow } from "../faults/expect-flow.ts";
import { listen, listeningServer, type ListeningServer } from "../listen.ts";
import { lobby } from "../../packages/contract/test/test-contract.ts";
import { openHub, urlOf } from "./test-hub.ts";

type TestHub = ReturnType<typeof openHub>["hub"];

const servers: Readonly<Record<string, (hub: TestHub) => Promise<ListeningServer>>> = {
  async "Hono's compress()"(hub) {
    const handler = toFetchHandler(hub);
    const app = new Hono().use(honoCompress({ threshold: 0 }));
    app.all("/events", (context) => handler(context.req));
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    return listeningServer(server);
  },
  async "@fastify/compress with hijack"(hub) {
    const handler = toNodeHandler(hub);
    const app = fastify();
    await app.register(compress, { threshold: 0 });
    app.get("/events", (request, reply) => {
      reply.hijack();
      void handler(request.raw, reply.raw);
    });
    await app.ready();
    return listen(app.server);
  },
  async "@fastify/compress with a Response"(hub) {
    const handler = toFetchHandler(hub);
    const app = fastify();
    await app.register(compress, { threshold: 0 });
    app.get("/events", (request) => handler(new Request(new URL(request.url, "http://localhost"))));
    await app.ready();
    return listen(app.server);
  },
};

test.each(Object.entries(servers))("%s leaves streams alone: every event arrives at once", async (_, start) => {
  const { hub } = openHub();
  const url = urlOf(await start(hub));
  const headers = { "accept-encoding": "gzip" };
  const sent = get(`${url}/events?channel=rooms/lobby&protocol=1`, { headers, agent: false });
  // The one argument of "response".
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  expect(response.headers["content-encoding"]).toBeUndefined();
  await expectFlow(response, (text) => hub.publish(lobby, "message", { text }));
  response.destroy();
});
