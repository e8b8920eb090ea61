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
  /** Swallows from now on whatever open connections carry, their ends included: neither side is told that the other is gone. */
  mute(): void;
  close(): Promise<void>;
}

interface Line {
  readonly client: Socket;
  readonly upstream: Socket;
  isMute: boolean;
}

/**
 * Starts a proxy to a port on 127.0.0.1. It passes backpressure on in both directions: a reader that stands still is felt.
 * @param target the port, or what names one for each new connection
 */
export async function createProxy(target: number | (() => number)): Promise<TcpProxy> {
  const lines = new Set<Line>();
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
    const port = typeof target === "number" ? target : target();
    // Half open, so that a line that is mute does not answer an end by itself.
    const upstream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const line: Line = { client, upstream, isMute: false };
    lines.add(line);
    let remaining = allowance;

    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (line.isMute) return;
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
    upstream.on("end", () => {
      if (line.isMute) return;
      client.end();
      upstream.end();
    });
    // A broken half breaks the other; why it broke is the test's business.
    upstream.on("error", ignore);
    client.on("error", ignore);
    upstream.on("close", () => {
      if (!client.writableEnded && !line.isMute) client.destroy();
    });
    client.on("close", () => {
      if (line.isMute) return;
      lines.delete(line);
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, resolve));
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
    mute() {
      for (const line of lines) {
        line.isMute = true;
        line.client.unpipe(line.upstream).resume();
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

function ignore(): void {}
