import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The network between one reader and the server: a TCP proxy on this machine. The reader does not notice it. */
export interface Line {
  readonly url: string;
  /** Stops the data to the reader, without a loss. It has the effect of a reader that does not read its socket. */
  hold(): void;
  /** Continues after `hold`. */
  release(): void;
  /** Breaks all connections, and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  close(): void;
}

/** Opens a line. `portOf` is called for every connection, because a restarted server has another port. */
export async function openLine(portOf: () => number): Promise<Line> {
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let isHeld = false;
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) {
      client.on("error", () => {}).destroy();
      return;
    }
    const upstream = connect(portOf(), "127.0.0.1");
    upstreams.add(upstream);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      if (!client.write(chunk) || isHeld) upstream.pause();
    });
    client.on("drain", () => {
      if (!isHeld) upstream.resume();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      // After an error comes "close", and then the other half is closed, too.
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        upstreams.delete(upstream);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = server.address() as AddressInfo;
  const destroy = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    hold() {
      isHeld = true;
      for (const upstream of upstreams) upstream.pause();
    },
    release() {
      isHeld = false;
      for (const upstream of upstreams) upstream.resume();
    },
    cut() {
      isCut = true;
      destroy();
    },
    mend() {
      isCut = false;
    },
    close() {
      server.close();
      destroy();
    },
  };
}
