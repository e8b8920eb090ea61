// Fastify: the hub is one route. It uses the raw request and response, in a plugin that does not parse their bodies.
import { fileURLToPath } from "node:url";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import fastify from "fastify";
import { z } from "zod";

const chat = defineContract({ room: channel("rooms/:room", { message: z.object({ text: z.string() }) }) });

/** The server. */
export async function startFastify(port: number) {
  const hub = createHub(chat, { log: memoryLog(), authorize: () => true });
  const events = toNodeHandler(hub);
  const app = fastify();
  await app.register(async (plugin) => {
    plugin.removeAllContentTypeParsers();
    // The hub reads the body itself, up to its own limit.
    plugin.addContentTypeParser("*", (_request, _body, done) => done(null));
    plugin.all("/events", (request, reply) => {
      reply.hijack();
      void events(request.raw, reply.raw);
    });
  });
  type Route = { Params: { room: string }; Body: { text: string } };
  app.post<Route>("/rooms/:room", async ({ params, body }, reply) => {
    const { id } = await hub.publish(chat.room(params), "message", body);
    return reply.code(201).send({ id });
  });
  await app.listen({ port, host: "127.0.0.1" });
  return { hub, app };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { hub, app } = await startFastify(Number(port));
  process.once("SIGINT", () => {
    // First close the hub: a server does not close while a stream is open.
    void hub.close().then(() => app.close());
  });
  console.log(`curl -N 'http://127.0.0.1:${port}/events?channel=rooms/lobby&last=10'`);
  console.log(`curl --json '{"text":"hello"}' http://127.0.0.1:${port}/rooms/lobby`);
}
