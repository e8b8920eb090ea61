import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { Application } from "./application.ts";
import { readEventSource } from "./event-source.ts";
import type { Peer } from "./peer.ts";

/** https://hono.dev/docs/helpers/streaming#streamsse: a loop that awaits each write. What it loops over is the application's. */
export const hono: Peer = {
  name: "hono streamSSE",
  resume: "none",
  serve() {
    const application = new Application();
    const app = new Hono();
    app.get("/events", (context) =>
      streamSSE(context, async (stream) => {
        const gone = new AbortController();
        stream.onAbort(() => gone.abort());
        for await (const message of application.live(gone.signal)) {
          await stream.writeSSE({ id: String(message.n), data: JSON.stringify(message) });
        }
      }),
    );
    return {
      // Without a `createServer` of another protocol it is one of node:http.
      server: createAdaptorServer({ fetch: app.fetch }) as Server,
      publish: (message) => application.publish(message),
      waiting: () => application.waiting(),
    };
  },
  read: readEventSource,
};
