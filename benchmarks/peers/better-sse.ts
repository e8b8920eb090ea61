import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";
import { readEventSource } from "./event-source.ts";
import type { Peer } from "./peer.ts";

/**
 * https://matthewwid.github.io/better-sse/guides/channels/: each session is registered with a channel, and the channel broadcasts.
 * Sessions know the `lastId` of a reader who comes back; there is no history to give it from.
 */
export const betterSse: Peer = {
  name: "better-sse",
  resume: "none",
  serve() {
    const channel = createChannel();
    const server = createServer((request, response) => {
      void createSession(request, response).then((session) => channel.register(session));
    });
    return { server, publish: (message) => void channel.broadcast(message, "message") };
  },
  read: readEventSource,
};
