import { createServer } from "node:http";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/fetch";
import { ClientRetryPlugin } from "@orpc/client/plugins";
import { MemoryPublisher } from "@orpc/experimental-publisher/memory";
import { os, type RouterClient } from "@orpc/server";
import { RPCHandler } from "@orpc/server/node";
import type { Message, Peer } from "./peer.ts";

type Events = { message: Message };

function createRouter(publisher: MemoryPublisher<Events>) {
  return {
    messages: os.handler(async function* ({ signal, lastEventId }) {
      for await (const message of publisher.subscribe("message", { signal, lastEventId })) yield message;
    }),
  };
}

/**
 * Set up as https://orpc.dev/docs/helpers/publisher says, with resume, and with
 * https://orpc.dev/docs/plugins/client-retry, which the documentation of event iterators recommends for reconnecting.
 * The publisher's buffer for an iterator has its default size, 100 events.
 */
export const orpc: Peer = {
  name: "oRPC publisher",
  resume: "lastEventId, from the MemoryPublisher",
  request: "POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
  serve() {
    const publisher = new MemoryPublisher<Events>({ resumeRetentionSeconds: 120 });
    const handler = new RPCHandler(createRouter(publisher));
    return {
      server: createServer((request, response) => void handler.handle(request, response)),
      publish: (message) => publisher.publish("message", message),
    };
  },
  read(url, handlers) {
    const retry = new ClientRetryPlugin({ default: { retry: Number.POSITIVE_INFINITY } });
    const client: RouterClient<ReturnType<typeof createRouter>> = createORPCClient(
      new RPCLink({ url, plugins: [retry] }),
    );
    const stopping = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const message of await client.messages(undefined, { signal: stopping.signal })) {
        handlers.onMessage(message);
      }
    };
    follow().catch((error: unknown) => {
      if (!stopping.signal.aborted) handlers.onNotice(String(error));
    });
    return () => stopping.abort();
  },
};
