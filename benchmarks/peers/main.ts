import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Order, Report } from "./order.ts";
import { peers, type PeerName } from "./peers.ts";

// The process of one peer: it listens on a free port of 127.0.0.1, publishes what it is ordered to, and tells what it holds.

/** Messages published in one turn of the event loop at most, however late the publisher is. */
const BURST = 10;

const [name, folder = "."] = process.argv.slice(2);
// Whoever starts the process takes the name from the same list.
const peer = await peers[name as PeerName]();
const running = await peer.serve(folder);
const { server } = running;
const sockets = new Set<Socket>();
server.on("connection", (socket: Socket) => {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

let peak = 0;
let size = 0;

async function publishAll({ from, count, bytes, perSecond }: Order & { kind: "publish" }): Promise<void> {
  size = bytes;
  const began = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, done + BURST, Math.ceil(((performance.now() - began) / 1_000) * perSecond));
    if (due === done) await setTimeout(1);
    const numbers = Array.from({ length: due - done }, (_, index) => from + done + index);
    // Each text is another one, as in life: a peer that keeps objects must not keep one string for all of them.
    await Promise.all(numbers.map(async (n) => running.publish({ n, text: `${n}`.padEnd(bytes, "x") })));
    done = due;
    if (done % 500 < BURST) peak = Math.max(peak, process.memoryUsage.rss());
    await setImmediate();
  }
}

/** What the process holds. */
async function report(): Promise<Report> {
  const rss = process.memoryUsage.rss();
  peak = Math.max(peak, rss);
  // A buffer is given back one collection after the object that it belonged to.
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const inSockets = [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
  const answer = { rss, peak, held: heapUsed + arrayBuffers, queued: inSockets + (running.waiting?.() ?? 0) * size };
  peak = 0;
  return answer;
}

// A peer that cannot publish is a mistake of its adapter: the process ends with the error.
process.on("message", (order: Order) => {
  if (order.kind === "publish") void publishAll(order).then(() => process.send?.(null));
  else void report().then((answer) => process.send?.(answer));
});
// Whoever started this process is gone, too.
process.on("disconnect", () => process.exit());
// A server that listens on a TCP port has an address of this shape.
process.send?.((server.address() as AddressInfo).port);
