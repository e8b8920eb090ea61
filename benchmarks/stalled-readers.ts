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
import { pick, randomOf, type Random } from "../e2e/simulation/random.ts";

// What a thousand readers that stand still cost those who read: `npx tsx --conditions @tidings/source benchmarks/stalled-readers.ts`
//
// Two servers, each in a process of its own and with the same readers; on one of them, others stand still besides. The same is
// published at both in slices that are shorter than what else the machine does, so that it concerns both. All delays of a server are
// one pool. How far the ratio of the two p99 can be trusted is told by drawing as many blocks of slices anew, again and again: 95 of 100
// such ratios lie between the two that are printed. About a quarter of an hour.

const STALLED = 1_000;
const HEALTHY = 40;
/** So many that more than 50,000 events are published while readers stand still. */
const BLOCKS = 500;
/** Not counted: code is compiled in them. */
const WARM_UP = 5;
/** How often each server has two slices in a block. */
const PAIRS = 25;
/** Events of a slice. */
const EVENTS = 10;
/** So few that the machine has little to do: what counts is how long an event takes, not for how long it stands in a queue. */
const PER_SECOND = 500;
const BYTES = 500;
/** Events that fill the buffers on the way to whoever stands still. */
const FILLING = 15_000;
/** How much later than else those who read may have an event. */
const BAR = 1.1;
const DRAWS = 2_000;
const SEED = 1;

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
    while (this.#arrived < wanted) await setTimeout(1);
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

/** The delays of one block: how often each was, in steps of half a per cent. So a pool of them is a sum. */
type Histogram = Uint32Array;
const STEP = Math.log(1.005);

function histogramOf(delays: readonly number[]): Histogram {
  const counts = new Uint32Array(4_096);
  for (const delay of delays) {
    const step = Math.floor(Math.log(Math.max(1, delay)) / STEP);
    counts[step] = (counts[step] ?? 0) + 1;
  }
  return counts;
}

/** The delay that so many of all are longer than, as a part of one. */
function exceededBy(part: number, pool: readonly Histogram[]): number {
  let left = part * BLOCKS * PAIRS * 2 * EVENTS * HEALTHY;
  let step = 4_096;
  while (left >= 0 && step-- > 0) for (const counts of pool) left -= counts[step] ?? 0;
  return Math.exp((step + 0.5) * STEP);
}

/** What one block has shown. */
interface Block {
  readonly quiet: Histogram;
  readonly crowded: Histogram;
}

function p99Of(blocks: readonly Block[]) {
  const quiet = exceededBy(
    0.01,
    blocks.map((block) => block.quiet),
  );
  const crowded = exceededBy(
    0.01,
    blocks.map((block) => block.crowded),
  );
  return { quiet, crowded, ratio: crowded / quiet };
}

/** Which ratios there would be if other blocks had come as often as these did. Returns the two between which 95 of 100 lie. */
function intervalOf(blocks: readonly Block[], random: Random): readonly [number, number] {
  const ratios = Array.from({ length: DRAWS }, () => p99Of(blocks.map(() => pick(blocks, random()))).ratio);
  const sorted = ratios.toSorted((one, other) => one - other);
  return [pick(sorted, 0.025), pick(sorted, 0.975)];
}

async function compare(): Promise<void> {
  const random = randomOf(SEED);
  const quiet = await Side.start();
  const crowded = await Side.start();
  await crowded.stall(STALLED);
  for (const side of [quiet, crowded]) await side.publish({ count: FILLING, perSecond: 20_000 });
  const blocks: Block[] = [];
  for (let block = -WARM_UP; block < BLOCKS; block++) {
    quiet.delays = [];
    crowded.delays = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const [first, second] = random() < 0.5 ? [quiet, crowded] : [crowded, quiet];
      for (const side of [first, second, second, first]) await side.publish({ count: EVENTS, perSecond: PER_SECOND });
    }
    if (block >= 0) blocks.push({ quiet: histogramOf(quiet.delays), crowded: histogramOf(crowded.delays) });
    if (block > 0 && block % (BLOCKS / 10) === 0) console.error(`${block} of ${BLOCKS} blocks`);
  }
  await Promise.all([quiet.close(), crowded.close()]);

  const p99 = p99Of(blocks);
  const [low, high] = intervalOf(blocks, random);
  const verdict = high <= BAR ? "kept" : low > BAR ? "missed" : "undecided: let the machine rest, or take more blocks";
  const milliseconds = (delay: number) => `${(delay / 1_000).toFixed(2)} ms`;
  console.log(
    `Node ${process.version}, ${HEALTHY} readers, ${PER_SECOND} events a second of ${BYTES} bytes, seed ${SEED}`,
  );
  console.log(
    `p99 ${milliseconds(p99.quiet)} while nobody stands still, ${milliseconds(p99.crowded)} while ${STALLED} do`,
  );
  console.log(`p99 ratio ${p99.ratio.toFixed(2)}, 95 % between ${low.toFixed(2)} and ${high.toFixed(2)}`);
  console.log(`the bar of ${BAR} is ${verdict}`);
  if (low > BAR) process.exitCode = 1;
}

await (process.argv[2] === "serve" ? serve() : compare());
