import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { createServer as createSocketServer, type Socket } from "node:net";
import { setImmediate } from "node:timers";
import { streamRequest, type Message, type ServedPeer } from "../peers/peer.ts";

// The least work that any server in Node has to do for the same events. Each makes the bytes of an event once.

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const HELLO = "retry: 2000\n\n";

function frameOf(message: Message): string {
  return `event: message\ndata: ${JSON.stringify(message)}\nid: ${message.n}\n\n`;
}

function chunkOf(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** A server that knows just enough of HTTP for the requests of the benchmark. */
function serveSockets(sockets: Set<Socket>) {
  return createSocketServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    socket.once("data", () => {
      socket.write(HEAD + chunkOf(HELLO).toString());
      sockets.add(socket);
    });
  });
}

/** Sockets without `node:http`: https://nodejs.org/api/net.html */
export const rawSockets: ServedPeer = {
  name: "raw sockets",
  request: streamRequest(),
  serve() {
    const sockets = new Set<Socket>();
    return {
      server: serveSockets(sockets),
      publish(message) {
        const bytes = chunkOf(frameOf(message));
        for (const socket of sockets) socket.write(bytes);
      },
    };
  },
};

/** The same, but all events of one turn of the event loop are one write. */
export const rawSocketsInTurns: ServedPeer = {
  name: "raw sockets, one write a turn",
  request: streamRequest(),
  serve() {
    const sockets = new Set<Socket>();
    let frames = "";
    function flush(): void {
      const bytes = chunkOf(frames);
      frames = "";
      for (const socket of sockets) socket.write(bytes);
    }
    return {
      server: serveSockets(sockets),
      publish(message) {
        if (frames === "") setImmediate(flush);
        frames += frameOf(message);
      },
    };
  },
};

/** The events that the floor keeps for readers that come back. */
const KEPT = 1_000;

/** `response.write`, as https://nodejs.org/api/http.html describes it, with the same Buffer for all. */
export const nodeHttp: ServedPeer = {
  name: "node:http",
  request: streamRequest(),
  serve() {
    const responses = new Set<ServerResponse>();
    const kept: { readonly n: number; readonly bytes: Buffer }[] = [];
    const server = createHttpServer((request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      response.write(HELLO);
      const after = Number(request.headers["last-event-id"] ?? Infinity);
      for (const { n, bytes } of kept) {
        if (n > after) response.write(bytes);
      }
      responses.add(response);
      response.once("close", () => responses.delete(response));
    });
    return {
      server,
      publish(message) {
        const bytes = Buffer.from(frameOf(message));
        if (kept.push({ n: message.n, bytes }) > KEPT) kept.shift();
        for (const response of responses) response.write(bytes);
      },
    };
  },
};
