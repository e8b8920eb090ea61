import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import type { Message, Peer } from "./peer.ts";

/** What travels, for the types of both sides. */
interface Events {
  message(message: Message): void;
}

/** The packets that wait in a connection: private by its type alone. */
const queueOf = (connection: object) => (connection as { readonly writeBuffer: readonly unknown[] }).writeBuffer;

/**
 * https://socket.io/docs/v4/rooms and https://socket.io/docs/v4/connection-state-recovery, with the two minutes of the
 * documentation. WebSocket alone, so that every byte of a reader goes over its one socket.
 */
export const socketIo: Peer = {
  name: "socket.io",
  resume: "connection state recovery",
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
  read(url, ear) {
    const socket = io(url, { transports: ["websocket"], forceNew: true });
    let connected = false;
    socket.on("connect", () => {
      if (connected && !socket.recovered) ear.told("recovered: false");
      connected = true;
    });
    socket.on("message", (message: Message) => ear.message(message));
    return () => void socket.close();
  },
};
