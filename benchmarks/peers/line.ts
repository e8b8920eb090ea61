import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The way of one reader to the server, on this machine. The reader does not know that it is there. */
export interface Line {
  readonly url: string;
  /** Nothing comes through any more, and nothing is lost: what a reader does that stops reading its socket. */
  hold(): void;
  release(): void;
  /** Breaks the connection, and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  close(): void;
}

/** Opens a line to whatever port the server has at the moment of a connection. */
export async function openLine(portOf: () => number): Promise<Line> {
  const sockets = new Set<Socket>();
  const upstreams = new Set<Socket>();
  let held = false;
  let broken = false;
  const server = createServer((client) => {
    if (broken) return void client.on("error", () => {}).destroy();
    const upstream = connect(portOf(), "127.0.0.1");
    upstreams.add(upstream);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      if (!client.write(chunk) || held) upstream.pause();
    });
    client.on("drain", () => {
      if (!held) upstream.resume();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      // A half that breaks breaks the other; "close" follows.
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        upstreams.delete(upstream);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  const destroy = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    hold() {
      held = true;
      for (const upstream of upstreams) upstream.pause();
    },
    release() {
      held = false;
      for (const upstream of upstreams) upstream.resume();
    },
    cut() {
      broken = true;
      destroy();
    },
    mend: () => void (broken = false),
    close() {
      server.close();
      destroy();
    },
  };
}
