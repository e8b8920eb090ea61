import { createTRPCClient, httpSubscriptionLink } from "@trpc/client";
import { initTRPC, tracked } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { EventSource } from "eventsource";
import { z } from "zod";
import { Application } from "./application.ts";
import type { Peer } from "./peer.ts";

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
 * https://trpc.io/docs/server/subscriptions, "Automatic tracking of id using tracked()", over the recommended
 * `httpSubscriptionLink`. Where the documentation reads a database, the application's array stands.
 */
export const trpc: Peer = {
  name: "tRPC tracked()",
  resume: "lastEventId, from the application's history",
  serve() {
    const application = new Application();
    return {
      server: createHTTPServer({ router: createRouter(application) }),
      publish: (message) => application.publish(message),
      waiting: () => application.waiting(),
    };
  },
  read(url, ear) {
    const client = createTRPCClient<ReturnType<typeof createRouter>>({
      links: [httpSubscriptionLink({ url, EventSource })],
    });
    const subscription = client.messages.subscribe(undefined, {
      onData: ({ data }) => ear.message(data),
      onError: ({ message }) => ear.told(message),
    });
    return () => subscription.unsubscribe();
  },
};
