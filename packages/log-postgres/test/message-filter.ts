import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The type of the message of the server that says that a NOTIFY came. */
const NOTIFICATION = "A".charCodeAt(0);

interface MessageFilter {
  readonly url: string;
  /** Cuts all connections. Those that follow go to the other server, if there is one. */
  readonly cut: (otherUrl?: string) => void;
}

/**
 * Forwards connections to a server, but takes the notifications out of its answers, as a pooler of transactions does.
 *
 * @param drops whether notifications are taken out. @default true
 */
export async function filterNotifications(url: string, drops = true): Promise<MessageFilter> {
  let target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // A cut connection is what the tests want.
      socket.on("error", () => {});
    }
    client.pipe(upstream);
    let rest = Buffer.alloc(0);
    upstream.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      // A message is one byte of type, four bytes of length, which they are part of, and the content.
      for (; rest.length >= 5 && rest.length > rest.readUInt32BE(1);) {
        const message = rest.subarray(0, rest.readUInt32BE(1) + 1);
        rest = rest.subarray(message.length);
        if (!drops || message[0] !== NOTIFICATION) client.write(message);
      }
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
  const filtered = new URL(url);
  filtered.hostname = "127.0.0.1";
  // Safe: a server on a port has such an address.
  filtered.port = String((server.address() as AddressInfo).port);
  return { url: filtered.href, cut };
}
