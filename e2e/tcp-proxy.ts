import { connect, createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

/** A TCP proxy between clients and a server on this machine. A test can break its connections in several ways. */
export interface TcpProxy {
  /** The port for clients, on 127.0.0.1. */
  readonly port: number;
  /** How many connections are open at this moment. */
  readonly connections: number;
  /** How many connections it has accepted so far. */
  readonly accepted: number;
  /** Breaks every open connection. New ones are accepted, unless `refuse` was called. */
  cut(): void;
  /** Breaks every new connection at once. Open ones go on. */
  refuse(): void;
  /** Accepts new connections again. */
  accept(): void;
  /** Ends each connection that is opened from now on after so many bytes from the server. `Infinity` undoes it. */
  cutAfter(bytes: number): void;
  /** Swallows all bytes and ends of the open connections: neither side notices that the other one is gone. */
  mute(): void;
  close(): Promise<void>;
}

interface Connection {
  readonly client: Socket;
  readonly upstream: Socket;
  isMute: boolean;
}

/**
 * Starts a proxy to a port on 127.0.0.1. It passes backpressure on in both directions: the server notices a stalled
 * reader.
 * @param target the port of the server, or a function that names it for each new connection
 */
export async function createProxy(target: number | (() => number)): Promise<TcpProxy> {
  const open = new Set<Connection>();
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
    // Half open, so that a muted connection does not answer an end by itself.
    const upstream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const connection: Connection = { client, upstream, isMute: false };
    open.add(connection);
    let remaining = allowance;

    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      if (connection.isMute) return;
      if (chunk.length >= remaining) {
        // An end instead of a reset, so that every byte before the cut arrives.
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
      if (connection.isMute) return;
      client.end();
      upstream.end();
    });
    // An error on one side closes the other side, see below; the error itself does not matter.
    upstream.on("error", ignore);
    client.on("error", ignore);
    upstream.on("close", () => {
      if (!client.writableEnded && !connection.isMute) client.destroy();
    });
    client.on("close", () => {
      if (connection.isMute) return;
      open.delete(connection);
      upstream.destroy();
    });
  });
  const { port } = await listen(server, 4_096);

  const cut = (): void => {
    for (const { client, upstream } of open) {
      client.destroy();
      upstream.destroy();
    }
  };
  return {
    port,
    get connections() {
      return open.size;
    },
    get accepted() {
      return accepted;
    },
    cut,
    refuse: () => void (refusing = true),
    accept: () => void (refusing = false),
    cutAfter: (bytes) => void (allowance = bytes),
    mute() {
      for (const connection of open) {
        connection.isMute = true;
        connection.client.unpipe(connection.upstream).resume();
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
