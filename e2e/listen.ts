import { once } from "node:events";
import { Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** A server that accepts connections. */
export interface ListeningServer {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Accepts no more connections. A server of node:http also breaks those that are open. */
  readonly close: () => unknown;
}

/**
 * Lets a server listen on a free port of 127.0.0.1.
 * @param backlog how many connections may wait until the server accepts them
 */
export async function listen(server: Server, backlog = 511): Promise<ListeningServer> {
  server.listen({ port: 0, host: "127.0.0.1", backlog });
  await once(server, "listening");
  return listeningServer(server);
}

/** The same for a server that listens already. */
export function listeningServer(server: Server): ListeningServer {
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    if (server instanceof HttpServer) server.closeAllConnections();
    server.close();
  };
  return { port, close };
}
