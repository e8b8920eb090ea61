import { fastifySSE } from "@fastify/sse";
import { fastify } from "fastify";
import { Application } from "./application.ts";
import { readEventSource } from "./event-source.ts";
import { streamRequest, type Message, type Peer } from "./peer.ts";

const eventOf = (message: Message) => ({ id: String(message.n), data: message });

/**
 * Set up as https://github.com/fastify/sse#message-replay says: `replay` passes the `Last-Event-ID`, the application
 * sends the messages that it has kept, and an async generator sends the live ones. As in the documentation, a reader
 * whose id is not kept any more gets all kept messages.
 */
export const fastifySse: Peer = {
  name: "@fastify/sse",
  resume: "replay() from the application's history",
  request: streamRequest(),
  async serve() {
    const application = new Application();
    const app = fastify();
    await app.register(fastifySSE);
    app.get("/events", { sse: "only" }, async (_request, reply) => {
      const closing = new AbortController();
      reply.sse.onClose(() => closing.abort());
      const live = application.live(closing.signal);
      reply.sse.sendHeaders();
      // The head would wait for the first event, or for 30 seconds, and no client would know that its stream is open.
      reply.raw.flushHeaders();
      await reply.sse.replay(async (lastEventId) => {
        for (const message of application.keptAfter(Number(lastEventId))) await reply.sse.send(eventOf(message));
      });
      for await (const message of live) await reply.sse.send(eventOf(message));
    });
    await app.ready();
    return {
      server: app.server,
      publish: (message) => application.publish(message),
      waiting: () => application.waiting(),
    };
  },
  read: readEventSource,
};
