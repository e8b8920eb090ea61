import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

interface TcpProxy {
  readonly url: string;
  /** Cuts all connections. Those that follow go to the other server, if there is one. */
  readonly cut: (otherUrl?: string) => void;
}

/** What is left of the answers of a server. */
export type AnswerFilter = (chunk: Buffer) => readonly Buffer[];

/**
 * Forwards connections to a server, until the test has finished.
 *
 * @param createFilter makes the filter of a connection. @default everything passes
 */
export async function startProxy(
  url: string,
  createFilter: () => AnswerFilter = () => (chunk) => [chunk],
): Promise<TcpProxy> {
  let target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A cut connection is what the tests want.
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    const filter = createFilter();
    upstream.on("data", (chunk: Buffer) => {
      for (const part of filter(chunk)) client.write(part);
    });
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (otherUrl?: string) => {
    if (otherUrl !== undefined) target = new URL(otherUrl);
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  // Safe: a server on a port has such an address.
  through.port = String((server.address() as AddressInfo).port);
  return { url: through.href, cut };
}
