import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A line between a client and a server on this machine that a test can break where it likes. */
export interface TcpProxy {
  /** Where clients connect, on 127.0.0.1. */
  readonly port: number;
  /** How many connections are open at this moment. */
  readonly connections: number;
  /** How many connections were ever let through. */
  readonly accepted: number;
  /** Breaks every open connection; new ones are let through, unless they are refused. */
  cut(): void;
  /** Breaks every new connection at once; open ones live on. */
  refuse(): void;
  /** Lets new connections through again. */
  accept(): void;
  /** Each connection opened from now on ends after exactly so many bytes from the server; `Infinity` takes it back. */
  cutAfter(bytes: number): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port on 127.0.0.1. It passes backpressure on in both directions: a reader that stands still is felt. */
export async function createProxy(targetPort: number): Promise<TcpProxy> {
  const lines = new Set<{ client: Socket; upstream: Socket }>();
  let refusing = false;
  let allowance = Number.POSITIVE_INFINITY;
  let accepted = 0;

  const server = createServer((client) => {
    if (refusing) {
      client.on("error", ignore);
      client.destroy();
      return;
    }
    accepted++;
    const upstream = connect(targetPort, "127.0.0.1");
    const line = { client, upstream };
    lines.add(line);
    let remaining = allowance;

    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (chunk.length >= remaining) {
        // An end, not a reset: every byte before the cut arrives.
        client.end(chunk.subarray(0, remaining));
        remaining = 0;
        upstream.destroy();
        return;
      }
      remaining -= chunk.length;
      if (!client.write(chunk)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
    upstream.on("end", () => client.end());
    // A broken half breaks the other; why it broke is the test's business.
    upstream.on("error", ignore);
    client.on("error", ignore);
    upstream.on("close", () => {
      if (!client.writableEnded) client.destroy();
    });
    client.on("close", () => {
      lines.delete(line);
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;

  const cut = (): void => {
    for (const { client, upstream } of lines) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    port,
    get connections() {
      return lines.size;
    },
    get accepted() {
      return accepted;
    },
    cut,
    refuse: () => void (refusing = true),
    accept: () => void (refusing = false),
    cutAfter: (bytes) => void (allowance = bytes),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

function ignore(): void {}
