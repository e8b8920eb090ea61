import type { Socket } from "node:net";
import type { RequestHandler } from "express";

/** The most requests that may wait on one socket. A client that sends more of them is cut off. */
const MOST_WAITING = 16;

/**
 * Answers the requests of a socket one after the other. Node hands on all that have come, before the first one is
 * answered. Some hundred at once would then hold up everybody, and their answers would wait in memory until the client
 * reads them.
 */
export function oneAtATime(): RequestHandler {
  const waitingBySocket = new WeakMap<Socket, number>();
  return ({ socket }, response, next) => {
    // A response gets the socket when the one before it is written.
    if (response.socket !== null) {
      next();
      return;
    }
    const waiting = (waitingBySocket.get(socket) ?? 0) + 1;
    waitingBySocket.set(socket, waiting);
    if (waiting > MOST_WAITING) {
      socket.destroy();
      return;
    }
    response.once("socket", () => {
      waitingBySocket.set(socket, (waitingBySocket.get(socket) ?? 1) - 1);
      if (!socket.destroyed) next();
    });
  };
}
