import type { Socket } from "node:net";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** How many pipelined requests may wait on one socket. A client with more of them is cut off. */
const MOST_WAITING = 16;
/**
 * How many bytes of bodies they may have together. They are read when it is the request's turn. Node keeps as much of
 * a body; with more, it would stop reading from the socket, and not see that the client leaves.
 */
const MOST_WAITING_BYTES = 16 * 1024;

/** The requests that wait on a socket. */
interface WaitingRequests {
  /** What each does when the socket closes. */
  readonly leaves: Set<() => void>;
  bytes: number;
}

const waitingBySocket = new WeakMap<Socket, WaitingRequests>();

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
  const bytes = bodyBytes(request);
  waiting.leaves.add(leave);
  waiting.bytes += bytes;
  response.once("socket", () => {
    waiting.leaves.delete(leave);
    waiting.bytes -= bytes;
    // From now on the response says "close" itself.
    if (!socket.destroyed) begin();
    else leave();
  });
  if (waiting.leaves.size > MOST_WAITING || waiting.bytes > MOST_WAITING_BYTES) socket.destroy();
}

/** The most bytes that a body may have. One in chunks names no length, and may have any. */
function bodyBytes({ method, headers }: NodeRequest): number {
  // Other bodies are thrown away as they come.
  if (method !== "POST") return 0;
  return headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : Infinity;
}

/** One listener for all requests of a socket, however many are pipelined. */
function watchSocket(socket: Socket): WaitingRequests {
  const waiting: WaitingRequests = { leaves: new Set(), bytes: 0 };
  waitingBySocket.set(socket, waiting);
  socket.once("close", () => {
    for (const leave of waiting.leaves) leave();
    waiting.leaves.clear();
  });
  return waiting;
}
