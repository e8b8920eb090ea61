import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve } from "@hono/node-server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import type { WireFacts } from "@tidings/testing/wire";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import type { Serve } from "./house.ts";

/** Every way to serve a hub that we know of, all as a user would write them. */
export const servers: readonly (WireFacts & { readonly name: string; readonly serve: Serve })[] = [
  { name: "toNodeHandler on node:http", http: 1, serve: (hub) => listen(createServer(toNodeHandler(hub))) },
  { name: "toNodeHandler on node:http2", http: 2, serve: (hub) => listen(createHttp2Server(toNodeHandler(hub))) },
  {
    name: "toFetchHandler behind an adapter of thirty lines",
    http: 1,
    closes: false,
    serve(hub) {
      const handler = toFetchHandler(hub);
      return listen(createServer((request, response) => void answer(handler, request, response)));
    },
  },
  {
    name: "Express 5",
    http: 1,
    serve: (hub) => listen(createServer(express().all("/events", toNodeHandler(hub)))),
  },
  {
    name: "Hono",
    http: 1,
    closes: false,
    async serve(hub) {
      const handler = toFetchHandler(hub);
      const app = new Hono().all("/events", (context) => handler(context.req.raw));
      // Without options of its own it is a server of node:http.
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
      await once(server, "listening");
      return closable(server);
    },
  },
  {
    name: "Fastify",
    http: 1,
    async serve(hub) {
      const handler = toNodeHandler(hub);
      const app = fastify();
      // The hub reads the body itself.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", (_request, _body, done) => done(null));
      app.all("/events", (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
      return closable(app.server);
    },
  },
];

async function listen(server: Server | Http2Server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return closable(server);
}

function closable(server: Server | Http2Server) {
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const close = () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  };
  return { port, close };
}

/** What a runtime does that speaks `Request` and `Response`. */
async function answer(
  handler: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { method = "GET", headers } = request;
  const hasBody = method === "POST";
  const asked = new Request(`http://${headers.host ?? "localhost"}${request.url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    signal: gone.signal,
    ...(hasBody ? { body: Readable.toWeb(request), duplex: "half" } : {}),
  } as RequestInit);
  const { status, headers: answered, body } = await handler(asked);
  response.writeHead(status, Object.fromEntries(answered));
  response.flushHeaders();
  if (body === null) return void response.end();
  // A reader that leaves in the middle is no failure.
  await pipeline(Readable.fromWeb(body as never), response).catch(() => {});
}
