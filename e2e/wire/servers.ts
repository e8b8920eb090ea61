import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serve } from "@hono/node-server";
import { toFetchHandler } from "@tidings/server/fetch";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import type { WireFacts } from "@tidings/testing/wire";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { listen, listeningServer } from "../listen.ts";
import type { Serve } from "../serve-hub.ts";

type WireServer = WireFacts & { readonly name: string; readonly serve: Serve };

/** The ways to serve a hub without a framework, each written as a user would write it. */
export const ownServers: readonly WireServer[] = [
  { name: "toNodeHandler on node:http", http: 1, serve: (hub) => listen(createServer(toNodeHandler(hub))) },
  {
    name: "takeStreams in front of node:http",
    http: 1,
    serve(hub) {
      const server = createServer(toNodeHandler(hub));
      takeStreams(server, { hub, path: "/events" });
      return listen(server);
    },
  },
  {
    name: "toFetchHandler behind an adapter of thirty lines",
    http: 1,
    closes: false,
    serve(hub) {
      const handler = toFetchHandler(hub);
      return listen(createServer((request, response) => void answer(handler, request, response)));
    },
  },
];

/** The same behind frameworks, and on HTTP/2. */
export const frameworks: readonly WireServer[] = [
  { name: "toNodeHandler on node:http2", http: 2, serve: (hub) => listen(createHttp2Server(toNodeHandler(hub))) },
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
      // Without other options this is a server of node:http.
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }) as Server;
      await once(server, "listening");
      return listeningServer(server);
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
        void handler(request.raw, reply.raw);
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
      return listeningServer(app.server);
    },
  },
];

export const servers: readonly WireServer[] = [...ownServers, ...frameworks];

/** Answers a request of node:http by a handler of `Request`s. */
async function answer(
  handler: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const { method = "GET", headers } = request;
  const hasBody = method === "POST";
  const fetchRequest = new Request(`http://${headers.host ?? "localhost"}${request.url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    signal: gone.signal,
    ...(hasBody ? { body: Readable.toWeb(request), duplex: "half" } : {}),
  } as RequestInit);
  const { status, headers: answerHeaders, body } = await handler(fetchRequest);
  response.writeHead(status, Object.fromEntries(answerHeaders));
  response.flushHeaders();
  if (body === null) {
    response.end();
    return;
  }
  // It is no failure if the reader leaves before the end.
  await pipeline(Readable.fromWeb(body as never), response).catch(() => {});
}
