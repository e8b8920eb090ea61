import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Application } from "./application.ts";
import { readEventSource } from "./event-source.ts";
import { streamRequest, type Peer } from "./peer.ts";

/**
 * Set up as https://hono.dev/docs/helpers/streaming#streamsse says: a loop that awaits each write. The application
 * brings the messages of the loop.
 */
export const hono: Peer = {
  name: "hono streamSSE",
  resume: "none",
  request: streamRequest(),
  serve() {
    const application = new Application();
    const app = new Hono();
    app.get("/events", (context) =>
      streamSSE(context, async (stream) => {
        const closing = new AbortController();
        stream.onAbort(() => closing.abort());
        for await (const message of application.live(closing.signal)) {
          await stream.writeSSE({ id: String(message.n), data: JSON.stringify(message) });
        }
      }),
    );
    return {
      server: createAdaptorServer({ fetch: app.fetch }),
      publish: (message) => application.publish(message),
      waiting: () => application.waiting(),
    };
  },
  read: readEventSource,
};
