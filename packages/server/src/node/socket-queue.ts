import type { Socket } from "node:net";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** How many pipelined requests may wait on one socket. A client with more of them is cut off. */
const MOST_WAITING = 1_000;

/** What the requests that wait on a socket do when the socket closes. */
const waitingBySocket = new WeakMap<Socket, Set<() => void>>();

/**
 * Whether the response waits for other responses on its socket, as a pipelined request makes it. Node has then handed
 * the request on, but not the socket, and such a response gets no "close" when the socket closes.
 */
export function isPipelined(request: NodeRequest, response: NodeResponse): boolean {
  // A socket that has received nothing is the substitute of a test or of a serverless platform: it is never handed on.
  return !("stream" in response) && response.socket === null && request.socket.bytesRead > 0;
}

/**
 * Notes a pipelined request until its response gets the socket.
 *
 * @param leave called when the socket closes, also after the response has got it
 * @param begin called when the response gets the socket
 */
export function waitForSocket(
  request: NodeRequest,
  response: NodeResponse,
  { leave, begin }: { readonly leave: () => void; readonly begin: () => void },
): void {
  const { socket } = request;
  const waiting = waitingBySocket.get(socket) ?? watchSocket(socket);
  waiting.add(leave);
  response.once("socket", () => {
    waiting.delete(leave);
    // From now on the response says "close" itself.
    if (!socket.destroyed) begin();
    else leave();
  });
  if (waiting.size > MOST_WAITING) socket.destroy();
}

/** One listener for all requests of a socket, however many are pipelined. */
function watchSocket(socket: Socket): Set<() => void> {
  const waiting = new Set<() => void>();
  waitingBySocket.set(socket, waiting);
  socket.once("close", () => {
    for (const leave of waiting) leave();
    waiting.clear();
  });
  return waiting;
}
