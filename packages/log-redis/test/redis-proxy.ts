import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

interface RedisProxy {
  readonly url: string;
  /** Cuts all connections. Those that follow go to the other server, if there is one. */
  readonly cut: (otherUrl?: string) => void;
}

/**
 * Forwards connections to a server, until the test has finished.
 *
 * @param dropsMessages whether what subscriptions hear is left out. @default false
 */
export async function startProxy(url: string, dropsMessages = false): Promise<RedisProxy> {
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
    upstream.on("data", (chunk: Buffer) => {
      // A message is short, and comes alone.
      if (!dropsMessages || !chunk.includes("\r\nmessage\r\n")) client.write(chunk);
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
  // Safe: a server on a port has such an address.
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, cut };
}
