import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setImmediate, setTimeout } from "node:timers/promises";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

// What a thousand readers that stand still cost those who read: `npx tsx --conditions @tidings/source benchmarks/stalled-readers.ts`
//
// Two servers, each in a process of its own and with the same readers; on one of them, others stand still besides. In turn the same
// is published at both, and how late it arrives is compared round by round: what else the machine does concerns both. About two minutes.

const STALLED = 1_000;
const HEALTHY = 40;
const ROUNDS = 11;
/** Events of one round at one server, so that 50,000 are published while they stand still. */
const EVENTS = 5_000;
const PER_SECOND = 1_000;
const BYTES = 500;
/** Events that fill the buffers on the way to whoever stands still. */
const FILLING = 15_000;

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ at: z.number(), text: z.string() }) }),
});
const room = chat.room({ roomId: "lobby" });

/** Microseconds by a clock that all processes of the machine have. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n);

/** How many events, and how many of them in a second. */
interface Order {
  readonly count: number;
  readonly perSecond: number;
}

async function serve(): Promise<void> {
  const hub = createHub(chat, { log: memoryLog({ keep: { entries: 1_000_000 } }), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  const text = "x".repeat(BYTES);
  const publish = async ({ count, perSecond }: Order): Promise<void> => {
    const began = performance.now();
    for (let done = 0; done < count;) {
      const due = Math.min(count, Math.ceil(((performance.now() - began) / 1_000) * perSecond), done + 20);
      if (due === done) await setTimeout(1);
      for (; done < due; done++) await hub.publish(room, "message", { at: now(), text });
      await setImmediate();
    }
    process.send?.("done");
  };
  process.on("message", (order: Order) => void publish(order));
  // A server that listens on a TCP port has an address of this shape.
  process.send?.((server.address() as AddressInfo).port);
}

/** One of the servers, seen from here. */
class Side {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #sockets: Socket[] = [];
  /** Of each event at each reader since this was last emptied, in microseconds. */
  delays: number[] = [];
  #arrived = 0;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(): Promise<Side> {
    const child = fork(import.meta.filename, ["serve"]);
    const [port] = (await once(child, "message")) as [number];
    const side = new Side(child, port);
    for (let reader = 0; reader < HEALTHY; reader++) await side.#addReader();
    return side;
  }

  async stall(count: number): Promise<void> {
    for (let reader = 0; reader < count; reader++) (await this.#open()).pause();
  }

  /** Resolves when all have everything. */
  async publish(order: Order): Promise<void> {
    const wanted = this.#arrived + order.count * HEALTHY;
    const done = once(this.#child, "message");
    this.#child.send(order);
    await done;
    while (this.#arrived < wanted) await setTimeout(5);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  async #open(): Promise<Socket> {
    const socket = connect(this.#port, "127.0.0.1");
    this.#sockets.push(socket);
    // HTTP/1.0 has no chunks: the body is the stream as it is.
    socket.write(`GET /events?channel=${room.path} HTTP/1.0\r\n\r\n`);
    await once(socket, "data");
    return socket;
  }

  async #addReader(): Promise<void> {
    const socket = await this.#open();
    let rest = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      const arrived = now();
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const at = /"at":(\d+)/.exec(block)?.[1];
        if (at === undefined) continue;
        this.#arrived++;
        this.delays.push(arrived - Number(at));
      }
    });
  }
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * part)] ?? Number.NaN;
}

async function compare(): Promise<void> {
  const quiet = await Side.start();
  const crowded = await Side.start();
  await crowded.stall(STALLED);
  for (const side of [quiet, crowded]) await side.publish({ count: FILLING, perSecond: 20_000 });
  const rounds: { readonly quiet: number; readonly crowded: number; readonly middle: number }[] = [];
  // One more, which is not counted: code is compiled in it.
  for (let round = 0; round <= ROUNDS; round++) {
    const order = round % 2 === 0 ? [quiet, crowded] : [crowded, quiet];
    for (const side of order) {
      side.delays = [];
      await side.publish({ count: EVENTS, perSecond: PER_SECOND });
    }
    const p99 = (side: Side) => quantile(side.delays, 0.99);
    const middle = quantile(crowded.delays, 0.5) / quantile(quiet.delays, 0.5);
    if (round > 0) rounds.push({ quiet: p99(quiet), crowded: p99(crowded), middle });
  }
  await Promise.all([quiet.close(), crowded.close()]);

  console.log(`Node ${process.version}, ${HEALTHY} readers, ${PER_SECOND} events a second of ${BYTES} bytes`);
  console.table(
    rounds.map((round) => ({
      "p99, nobody stands still (ms)": (round.quiet / 1_000).toFixed(2),
      [`p99, ${STALLED} stand still (ms)`]: (round.crowded / 1_000).toFixed(2),
      ratio: (round.crowded / round.quiet).toFixed(2),
      "ratio of the medians": round.middle.toFixed(2),
    })),
  );
  const ratios = rounds.map((round) => round.crowded / round.quiet);
  console.log(`the median of the ratios of the p99: ${quantile(ratios, 0.5).toFixed(2)}`);
}

await (process.argv[2] === "serve" ? serve() : compare());
