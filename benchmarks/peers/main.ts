import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Command, Report } from "./command.ts";
import { peers, type PeerName } from "./peers.ts";

// The process of one peer's server. It listens on a free port of 127.0.0.1, publishes on command, and reports its
// memory.

/** The most messages that are published in one turn of the event loop, even if the publisher is late. */
const MAX_BURST = 10;

const [name, folder = "."] = process.argv.slice(2);
// Safe: stage.ts starts the process with a name of this list.
const peer = await peers[name as PeerName]();
const peerServer = await peer.serve(folder);
const { server } = peerServer;
const sockets = new Set<Socket>();
server.on("connection", (socket: Socket) => {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

let peak = 0;
let messageBytes = 0;

async function publishAll({ from, count, bytes, perSecond }: Command & { kind: "publish" }): Promise<void> {
  messageBytes = bytes;
  const start = performance.now();
  let published = 0;
  while (published < count) {
    const seconds = (performance.now() - start) / 1_000;
    const due = Math.min(count, published + MAX_BURST, Math.ceil(seconds * perSecond));
    if (due === published) await setTimeout(1);
    const first = from + published;
    const numbers = Array.from({ length: due - published }, (_, index) => first + index);
    // Every text is different, as in real traffic: a peer that keeps objects must not keep the same string for all of
    // them.
    await Promise.all(numbers.map(async (n) => peerServer.publish({ n, text: `${n}`.padEnd(bytes, "x") })));
    published = due;
    if (published % 500 < MAX_BURST) peak = Math.max(peak, process.memoryUsage.rss());
    await setImmediate();
  }
}

/** Measures the memory of this process, and starts a new measurement of the peak. */
async function report(): Promise<Report> {
  const rss = process.memoryUsage.rss();
  const largest = Math.max(peak, rss);
  peak = 0;
  // More than one round: a buffer is freed one collection after the object that it belonged to.
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const bytesInSockets = [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
  const bytesInQueues = (peerServer.waiting?.() ?? 0) * messageBytes;
  return { rss, peak: largest, held: heapUsed + arrayBuffers, queued: bytesInSockets + bytesInQueues };
}

async function answer(command: Command): Promise<Report | null> {
  switch (command.kind) {
    case "publish":
      await publishAll(command);
      return null;
    case "report":
      return report();
  }
}

// If a peer cannot publish, its adapter is wrong: the process ends with the error.
process.on("message", (command: Command) => {
  void answer(command).then((result) => process.send?.(result));
});
// The process that has started this one is gone.
process.on("disconnect", () => process.exit());
// Safe: the server listens on a TCP port, so its address is an object.
process.send?.((server.address() as AddressInfo).port);
