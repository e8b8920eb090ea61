import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { serve } from "@hono/node-server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import fastify from "fastify";
import { defineHandler, H3, readBody as readBodyOf } from "h3";
import { toNodeHandler as toListener } from "h3/node";
import { createApp, eventHandler, readBody, toNodeListener } from "h3-1";
import { Hono } from "hono";
import Koa from "koa";
import bodyParser from "koa-bodyparser";
import { expect, onTestFinished, test } from "vitest";
import { listen, listeningServer } from "../listen.ts";
import { createNest } from "./nest.ts";
import { openHub, urlOf } from "./test-hub.ts";

type TestHub = ReturnType<typeof openHub>["hub"];

/** The applications, each with a body parser of its own that reads the body before the hub does. */
const parsers: Readonly<Record<string, (hub: TestHub) => Promise<Server>>> = {
  async "koa-bodyparser with respond = false, and the body handed on"(hub) {
    const handler = toNodeHandler(hub);
    const app = new Koa().use(bodyParser()).use(async (context) => {
      context.respond = false;
      await handler(Object.assign(context.req, { body: context.request.body }), context.res);
    });
    return createServer(app.callback());
  },
  async "Express with express.json()"(hub) {
    return createServer(express().use(express.json()).all("/events", toNodeHandler(hub)));
  },
  async "Fastify's parser with hijack, and the body handed on"(hub) {
    const handler = toNodeHandler(hub);
    const app = fastify().all("/events", (request, reply) => {
      reply.hijack();
      void handler(Object.assign(request.raw, { body: request.body }), reply.raw);
    });
    await app.ready();
    return app.server;
  },
  async "h3 v1 after readBody, and the body handed on"(hub) {
    const handler = toNodeHandler(hub);
    const route = eventHandler(async (event) => {
      const body: unknown = await readBody(event);
      await handler(Object.assign(event.node.req, { body }), event.node.res);
    });
    return createServer(toNodeListener(createApp().use(route)));
  },
  async "h3 v2 after readBody, with a request that can be read again"(hub) {
    const handler = toFetchHandler(hub);
    const route = defineHandler(async (event) => {
      const body: unknown = await readBodyOf(event);
      return handler({ raw: event.req, text: async () => JSON.stringify(body) });
    });
    return createServer(toListener(new H3().all("/events", route)));
  },
  "Nest on Express": (hub) => createNest("express", toNodeHandler(hub)),
  "Nest on Fastify, and the body handed on": (hub) => createNest("fastify", toNodeHandler(hub)),
};

/** The same where the body is gone and nobody has put it anywhere. */
const drains: Readonly<Record<string, (hub: TestHub) => Promise<Server>>> = {
  async "koa-bodyparser with respond = false"(hub) {
    const handler = toNodeHandler(hub);
    const app = new Koa().use(bodyParser()).use(async (context) => {
      context.respond = false;
      await handler(context.req, context.res);
    });
    return createServer(app.callback());
  },
  async "Fastify's parser with hijack"(hub) {
    const handler = toNodeHandler(hub);
    const app = fastify().all("/events", (request, reply) => {
      reply.hijack();
      void handler(request.raw, reply.raw);
    });
    await app.ready();
    return app.server;
  },
  async "h3 v1 after readBody"(hub) {
    const handler = toNodeHandler(hub);
    const route = eventHandler(async (event) => {
      await readBody(event);
      await handler(event.node.req, event.node.res);
    });
    return createServer(toNodeListener(createApp().use(route)));
  },
  async "h3 v2 after readBody"(hub) {
    const handler = toFetchHandler(hub);
    const route = defineHandler(async (event) => {
      await readBodyOf(event);
      return handler(event.req);
    });
    return createServer(toListener(new H3().all("/events", route)));
  },
  async "a middleware that drains"(hub) {
    const handler = toNodeHandler(hub);
    return createServer((request, response) => {
      request.resume().once("end", () => void handler(request, response));
    });
  },
  async "a middleware that has drained long ago"(hub) {
    const handler = toNodeHandler(hub);
    return createServer((request, response) => {
      request.resume().once("close", () => void handler(request, response));
    });
  },
};

/** POSTs one channel to the hub. */
function post(url: string): Promise<Response> {
  return fetch(`${url}/events?protocol=1`, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify({ channels: { "rooms/lobby": null } }),
  });
}

test.each(Object.entries(parsers))("the body that somebody has parsed is used: %s", async (_, create) => {
  const { hub } = openHub();
  const response = await post(urlOf(await listen(await create(hub))));
  expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ events: [] })]);
});

test.each(Object.entries(drains))("a body that is gone is a 400 at once that says why: %s", async (_, create) => {
  const { hub } = openHub();
  const response = await post(urlOf(await listen(await create(hub))));
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ code: "bad-request", detail: expect.stringContaining("has been read") }),
  ]);
});

test.each([
  ["its request", 200],
  ["the raw request", 400],
] as const)("Hono after c.req.json(): the hub with %s answers %i", async (given, status) => {
  const { hub } = openHub();
  const handler = toFetchHandler(hub);
  const app = new Hono().use(async (context, next) => {
    await context.req.json();
    await next();
  });
  app.all("/events", (context) => handler(given === "its request" ? context.req : context.req.raw));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const response = await post(urlOf(listeningServer(server)));
  expect(response.status).toBe(status);
});
