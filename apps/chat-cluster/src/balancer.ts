import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

/** Milliseconds until an attempt to connect to a server is given up. */
const CONNECT_TIMEOUT = 1_000;

const NO_SERVER = "No server of the chat can be reached; try again in a moment.";

/** The answer while there is no server: complete, so that the client does not take it for a broken one. */
const UNAVAILABLE = [
  "HTTP/1.1 503 Service Unavailable",
  "Content-Type: application/problem+json",
  "Retry-After: 1",
  "Connection: close",
  "",
  JSON.stringify({ type: "about:blank", title: "Service Unavailable", status: 503, detail: NO_SERVER }),
].join("\r\n");

/**
 * Passes each connection to the server on 127.0.0.1 that has the fewest, and to the next one if that one cannot be
 * reached. It passes bytes on as they come, so streams flow at once, and a slow reader slows only its own stream down.
 * Where a server dies, its connections break: their clients connect again.
 *
 * @param ports of the servers that run; asked at each connection
 */
export function createBalancer(ports: () => readonly number[]): Server {
  const connections = new Map<number, number>();
  const countOf = (port: number): number => connections.get(port) ?? 0;

  /** Resolves with a connection to a server; null if there is none. */
  async function reachServer(): Promise<{ readonly server: Socket; readonly port: number } | null> {
    for (const port of ports().toSorted((one, other) => countOf(one) - countOf(other))) {
      // It counts from the attempt on: those that come at the same moment are spread, too.
      connections.set(port, countOf(port) + 1);
      const server = await tryToConnect(port);
      if (server !== null) return { server, port };
      connections.set(port, countOf(port) - 1);
    }
    return null;
  }

  async function pass(client: Socket): Promise<void> {
    const reached = await reachServer();
    if (reached === null) {
      client.end(UNAVAILABLE);
      return;
    }
    const { server, port } = reached;
    // The end of either side, and an error of it, end the other one.
    await Promise.allSettled([pipeline(client, server), pipeline(server, client)]);
    connections.set(port, countOf(port) - 1);
  }

  return createServer({ noDelay: true }, (client) => {
    // A client that goes away before a server is reached is no error of this program.
    client.on("error", () => {});
    void pass(client);
  });
}

async function tryToConnect(port: number): Promise<Socket | null> {
  const server = connect({ port, host: "127.0.0.1", noDelay: true });
  try {
    await once(server, "connect", { signal: AbortSignal.timeout(CONNECT_TIMEOUT) });
    return server;
  } catch {
    server.destroy();
    return null;
  }
}
