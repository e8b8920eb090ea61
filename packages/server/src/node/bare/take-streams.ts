import { Server } from "node:http";
import type { Socket } from "node:net";
import { negotiate } from "@tidings/protocol";
import { checkMethods, checkObject } from "@tidings/protocol/checks";
import type { HubRequest } from "../../hub-options.ts";
import type { HubResponse } from "../../request/response.ts";
import { BareAnswer } from "./bare-answer.ts";
import { BareHubRequest, type BareRequest } from "./bare-request.ts";
import { parseHead, type Head } from "./parse-head.ts";

/** Whose streams are taken, and where. */
export interface TakenStreams {
  readonly hub: { handle(request: HubRequest<BareRequest>): Promise<HubResponse> };
  /** The path under which the hub is served, without a query: `/events`. It starts with a slash. */
  readonly path: string;
}

/** Serves one connection. Node's own listener does it for everything that is not a plain stream. */
type Serve = (socket: Socket) => void;

/** A path in characters that need no escape in a URL. */
const PATH = /^\/[\w\-.~/]*$/;

/**
 * Takes the plain streams of a path off a server of node:http, and serves them on the bare socket. A stream then takes
 * half the memory and half the CPU to accept, since Node makes no parser, request and response of it. Everything else,
 * and every request that is not as plain as can be, goes to the server as it came: so serve the hub there, too.
 *
 * No middleware sees what is taken. `authenticate` gets a {@link BareRequest} as `raw`. Call this before the server
 * listens, and before anything else listens to its connections.
 *
 * @throws TypeError for anything but a server of node:http that does not listen yet, and for a path with other
 *   characters than `A-Z a-z 0-9 - . _ ~ /`
 * @example
 * const server = createServer(toNodeHandler(hub));
 * takeStreams(server, { hub, path: "/events" });
 * server.listen(3000);
 */
export function takeStreams(server: Server, streams: TakenStreams): void {
  checkObject("the options of takeStreams", streams, ["hub", "path"]);
  const { hub, path } = streams;
  checkMethods("hub", hub, ["handle"]);
  const serveHttp = listenerOf(server);
  if (typeof path !== "string" || !PATH.test(path)) {
    throw new TypeError(`Expected a path like "/events" in takeStreams, got ${JSON.stringify(path)}.`);
  }
  const unknown = closeWith(server);
  server.off("connection", serveHttp);
  server.on("connection", (socket) => {
    unknown.add(socket);
    waitForFirstBytes(socket, server, (chunk) => {
      const head = parseHead(path, chunk);
      if (head !== null && isOfStream(head)) {
        void serveStream(hub, head, socket);
        return;
      }
      unknown.delete(socket);
      handOn(socket, chunk, (given) => serveHttp.call(server, given));
    });
  });
}

/** The connections that node:http does not know. */
interface UnknownSockets {
  add(socket: Socket): void;
  delete(socket: Socket): void;
}

/** Lets `closeAllConnections` of the server close these connections, too. Otherwise the server would wait for them. */
function closeWith(server: Server): UnknownSockets {
  const sockets = new Set<Socket>();
  const closeKnown = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    closeKnown();
    for (const socket of sockets) socket.destroy();
  };
  // One function for all of them.
  function forget(this: Socket): void {
    sockets.delete(this);
  }
  return {
    add(socket) {
      sockets.add(socket);
      socket.on("close", forget);
    },
    delete(socket) {
      sockets.delete(socket);
      socket.off("close", forget);
    },
  };
}

/** What makes a request of a connection: the first listener that a server has. */
function listenerOf(server: unknown): Serve {
  const [listener] = server instanceof Server && !server.listening ? server.listeners("connection") : [];
  if (listener !== undefined) return listener as Serve;
  throw new TypeError("Expected a server of node:http that does not listen yet; streams over TLS are not taken.");
}

/** A page, and what the hub would refuse for its type, are for node:http. */
function isOfStream({ headers }: Head): boolean {
  return negotiate(headers.get("accept") ?? null) === "stream";
}

/** A connection that sends nothing is closed after the time that node:http gives to a head. */
function waitForFirstBytes(socket: Socket, server: Server, take: (chunk: Buffer) => void): void {
  const giveUp = (): void => void socket.destroy();
  // A socket that breaks is closed, too.
  socket.on("error", ignore);
  socket.on("end", giveUp);
  socket.setTimeout(server.headersTimeout, giveUp);
  socket.once("data", (chunk: Buffer) => {
    socket.setTimeout(0, giveUp);
    socket.off("end", giveUp);
    take(chunk);
  });
}

/** Gives the connection to node:http, as if nobody had looked at it. */
function handOn(socket: Socket, chunk: Buffer, serveHttp: Serve): void {
  socket.off("error", ignore);
  // Otherwise the bytes would come before anybody listens.
  socket.pause();
  socket.unshift(chunk);
  serveHttp(socket);
  socket.resume();
}

async function serveStream(hub: TakenStreams["hub"], head: Head, socket: Socket): Promise<void> {
  const answer = new BareAnswer(socket);
  // More requests on this socket get no answer: this one closes it. Reading shows that the client leaves.
  socket.on("data", ignore);
  socket.on("end", leave);
  try {
    answer.send(await hub.handle(new BareHubRequest(head, socket, answer)));
  } catch {
    socket.destroy();
  }
}

function ignore(): void {}

/** As node:http does it: who sends no more reads no more. */
function leave(this: Socket): void {
  this.destroy();
}
