import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";
import { readEventSource } from "./event-source.ts";
import { streamRequest, type Peer } from "./peer.ts";

/**
 * Set up as https://matthewwid.github.io/better-sse/guides/channels/ says: each session is registered with a channel,
 * and the channel broadcasts. A session has the `lastId` of a reader that reconnects, but there is no history to send
 * from.
 */
export const betterSse: Peer = {
  name: "better-sse",
  resume: "none",
  request: streamRequest(),
  serve() {
    const channel = createChannel();
    const server = createServer((request, response) => {
      void createSession(request, response).then((session) => channel.register(session));
    });
    return { server, publish: (message) => void channel.broadcast(message, "message") };
  },
  read: readEventSource,
};
