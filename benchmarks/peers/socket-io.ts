import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { socketRequest, type Message, type Peer } from "./peer.ts";

/** The events, for the types of server and client. */
interface Events {
  message(message: Message): void;
}

/** The packet "40", which connects to the default namespace, as a frame of a client with the mask "AAAA". */
const CONNECT = "\x81\x82AAAAuq";

/** Returns the packets that wait in a connection. Safe: the property exists, it is private only in the types. */
function queueOf(connection: object): readonly unknown[] {
  return (connection as { readonly writeBuffer: readonly unknown[] }).writeBuffer;
}

/**
 * Set up as https://socket.io/docs/v4/rooms and https://socket.io/docs/v4/connection-state-recovery say, with the two
 * minutes of the documentation. It uses WebSocket only, so that all bytes of a reader go over one socket.
 */
export const socketIo: Peer = {
  name: "socket.io",
  resume: "connection state recovery",
  request: socketRequest("/socket.io/?EIO=4&transport=websocket") + CONNECT,
  serve() {
    const server = createServer();
    const sockets = new Server<Record<string, never>, Events>(server, {
      connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1_000 },
    });
    sockets.on("connection", (socket) => void socket.join("lobby"));
    return {
      server,
      publish: (message) => void sockets.to("lobby").emit("message", message),
      waiting: () => [...sockets.sockets.sockets.values()].reduce((sum, { conn }) => sum + queueOf(conn).length, 0),
    };
  },
  read(url, handlers) {
    const socket = io(url, { transports: ["websocket"], forceNew: true });
    let wasConnected = false;
    socket.on("connect", () => {
      if (wasConnected && !socket.recovered) handlers.onNotice("recovered: false");
      wasConnected = true;
    });
    socket.on("message", (message: Message) => handlers.onMessage(message));
    return () => void socket.close();
  },
};
