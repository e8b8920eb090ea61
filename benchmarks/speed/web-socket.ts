import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { socketRequest, type ServedPeer } from "../peers/peer.ts";

/**
 * Not Server-Sent Events. Set up as https://github.com/websockets/ws#server-broadcast says, but the text is made once
 * for all.
 */
export const webSocket: ServedPeer = {
  name: "ws (WebSocket)",
  request: socketRequest("/events"),
  serve() {
    const server = createServer();
    const sockets = new WebSocketServer({ server });
    return {
      server,
      publish(message) {
        const text = Buffer.from(JSON.stringify(message));
        for (const socket of sockets.clients) {
          if (socket.readyState === socket.OPEN) socket.send(text, { binary: false });
        }
      },
    };
  },
};
