import "reflect-metadata";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { All, Controller, Module, Req, Res } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A reply of Fastify, as far as the controller needs it. */
interface FastifyReply {
  hijack(): void;
  readonly raw: ServerResponse;
}

/** A Nest application with one controller for the hub. The decorators are called, since no compiler here knows them. */
export async function createNest(platform: "express" | "fastify", handler: Handler): Promise<Server> {
  class EventController {
    // Nest passes what the decorators of the parameters ask for: the platform's own request and response.
    all(request: IncomingMessage, response: ServerResponse): void {
      void handler(request, response);
    }
    allOfFastify(request: { readonly raw: IncomingMessage; readonly body: unknown }, reply: FastifyReply): void {
      reply.hijack();
      void handler(Object.assign(request.raw, { body: request.body }), reply.raw);
    }
  }
  const name = platform === "express" ? "all" : "allOfFastify";
  // Safe: the class has the method.
  const descriptor = Object.getOwnPropertyDescriptor(
    EventController.prototype,
    name,
  ) as TypedPropertyDescriptor<object>;
  All()(EventController.prototype, name, descriptor);
  Req()(EventController.prototype, name, 0);
  Res()(EventController.prototype, name, 1);
  Controller("events")(EventController);
  // The module of the application: Nest reads only what the decorator has noted.
  const AppModule = class AppModule {
    readonly controllers = [EventController];
  };
  Module({ controllers: [EventController] })(AppModule);
  const fastify = new FastifyAdapter();
  const adapter = platform === "express" ? new ExpressAdapter() : fastify;
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.init();
  if (platform === "fastify") await fastify.getInstance().ready();
  // Safe: both platforms are on node:http here.
  return app.getHttpServer() as Server;
}
