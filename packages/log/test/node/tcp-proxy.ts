import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { onTestFinished } from "vitest";

interface TcpProxy {
  readonly url: string;
  /** Cuts all connections. Those that follow go to the other server, if there is one. */
  readonly cut: (otherUrl?: string) => void;
  /**
   * Swallows everything in both directions, and closes nothing, like a network that drops all packets. The connections
   * of before and of meanwhile stay silent for ever.
   */
  readonly silence: () => void;
  /** Forwards the connections that are made from now on. */
  readonly speak: () => void;
  /** How many clients have a connection that they have not closed. */
  readonly countClients: () => number;
}

/** What is left of the answers of a server. */
export type AnswerFilter = (chunk: Buffer) => readonly Buffer[];

/** A connection of a client, and the one to the server. */
interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  isSilent: boolean;
}

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
  let isSilent = false;
  const pairs = new Set<Pair>();
  // Half open: a silent connection must not answer an end by itself.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true });
    const pair = { client, upstream, isSilent };
    pairs.add(pair);
    const filter = createFilter();
    client.on("data", (chunk: Buffer) => void (pair.isSilent || upstream.write(chunk)));
    upstream.on("data", (chunk: Buffer) => {
      if (!pair.isSilent) for (const part of filter(chunk)) client.write(part);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      // A cut connection is what the tests want.
      one.on("error", () => {});
      one.on("end", () => void (pair.isSilent || other.end()));
      one.on("close", () => void (pair.isSilent || other.destroy()));
    }
    client.on("end", () => void pairs.delete(pair));
    client.on("close", () => void pairs.delete(pair));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (otherUrl?: string) => {
    if (otherUrl !== undefined) target = new URL(otherUrl);
    for (const { client, upstream } of pairs) {
      client.destroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  // Safe: a server on a port has such an address.
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    cut,
    silence() {
      isSilent = true;
      for (const pair of pairs) pair.isSilent = true;
    },
    speak() {
      isSilent = false;
    },
    countClients: () => pairs.size,
  };
}
