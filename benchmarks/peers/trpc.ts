import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import { initTRPC, tracked } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { EventSource } from "eventsource";
import { z } from "zod";
import { Application } from "./application.ts";
import { streamRequest, type Peer } from "./peer.ts";

function createRouter(application: Application) {
  const t = initTRPC.create();
  return t.router({
    messages: t.procedure
      .input(z.object({ lastEventId: z.string().nullish() }).optional())
      .subscription(async function* ({ input, signal }) {
        const live = application.live(signal ?? new AbortController().signal);
        if (input?.lastEventId) {
          for (const message of application.keptAfter(Number(input.lastEventId))) {
            yield tracked(String(message.n), message);
          }
        }
        for await (const message of live) yield tracked(String(message.n), message);
      }),
  });
}

/**
 * Set up as https://trpc.io/docs/server/subscriptions says in "Automatic tracking of id using tracked()", over the
 * recommended `httpSubscriptionLink`. The application's array is in place of the database of the documentation.
 */
export const trpc: Peer = {
  name: "tRPC tracked()",
  resume: "lastEventId, from the application's history",
  request: streamRequest("/messages"),
  serve() {
    const application = new Application();
    return {
      server: createHTTPServer({ router: createRouter(application) }),
      publish: (message) => application.publish(message),
      waiting: () => application.waiting(),
    };
  },
  read(url, handlers) {
    const client = createTRPCClient<ReturnType<typeof createRouter>>({
      links: [httpSubscriptionLink({ url, EventSource })],
    });
    const subscription = client.messages.subscribe(undefined, {
      onData: ({ data }) => handlers.onMessage(data),
      onError: ({ message }) => handlers.onNotice(message),
    });
    return () => subscription.unsubscribe();
  },
};
