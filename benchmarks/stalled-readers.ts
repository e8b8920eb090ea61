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

// What a thousand stalled readers cost the others: `npx tsx --conditions @tidings/source benchmarks/stalled-readers.ts`
//
// There are two servers, each in a process of its own, with the same active readers. One of them has stalled readers,
// too: they never read their sockets. The benchmark publishes to both servers in turn, in slices that are shorter than
// other work on the machine, so that such work affects both. It compares the p99 of all delays of the two servers. To
// see how reliable the ratio is, it draws the blocks of slices again at random, with replacement, many times (a
// bootstrap). 95 of 100 of these ratios are between the two that it prints. It takes about a quarter of an hour.

const STALLED = 1_000;
const ACTIVE = 40;
/** The number of blocks: enough to publish more than 50,000 events while readers are stalled. */
const BLOCKS = 500;
/** The first blocks are not counted: the engine compiles the code in them. */
const WARM_UP_BLOCKS = 5;
/** In a block, each server has this many pairs of slices. */
const PAIRS = 25;
/** The number of events in a slice. */
const EVENTS = 10;
/** So few that the machine is not busy: the delay is the time of an event's way, not the time in a queue. */
const PER_SECOND = 500;
/** The size of an event's text. */
const BYTES = 500;
/** The most events that are published before other tasks of the event loop run. */
const MAX_BURST = 20;
/** The number of events that fill the buffers on the way to the stalled readers. */
const FILLING_EVENTS = 15_000;
/** The p99 with stalled readers may be this many times the p99 without. */
const MAX_RATIO = 1.1;
/** The number of random draws of the bootstrap. */
const DRAWS = 2_000;
const SEED = 1;

const chat = defineContract({
  room: channel("rooms/:roomId", { message: z.object({ at: z.number(), text: z.string() }) }),
});
const room = chat.room({ roomId: "lobby" });

/** Returns the time in microseconds, by a clock that is the same in all processes of the machine. */
const now = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Tells a server's process to publish events. */
interface PublishCommand {
  readonly count: number;
  readonly perSecond: number;
}

async function serve(): Promise<void> {
  const hub = createHub(chat, { log: memoryLog({ keep: { entries: 1_000_000 } }), authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  const text = "x".repeat(BYTES);
  const publish = async ({ count, perSecond }: PublishCommand): Promise<void> => {
    const start = performance.now();
    let published = 0;
    while (published < count) {
      const seconds = (performance.now() - start) / 1_000;
      const due = Math.min(count, Math.ceil(seconds * perSecond), published + MAX_BURST);
      if (due === published) await setTimeout(1);
      while (published < due) {
        await hub.publish(room, "message", { at: now(), text });
        published++;
      }
      await setImmediate();
    }
    process.send?.("done");
  };
  process.on("message", (command: PublishCommand) => void publish(command));
  // Safe: the server listens on a TCP port, so its address is an object.
  process.send?.((server.address() as AddressInfo).port);
}

/** One of the two servers and its readers. */
class MeasuredServer {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #sockets: Socket[] = [];
  /** The delay of each event at each reader since the list was last emptied, in microseconds. */
  delays: number[] = [];
  #arrived = 0;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(): Promise<MeasuredServer> {
    const child = fork(import.meta.filename, ["serve"]);
    const [port] = (await once(child, "message")) as [number];
    const server = new MeasuredServer(child, port);
    for (let reader = 0; reader < ACTIVE; reader++) await server.#addReader();
    return server;
  }

  /** Adds readers that never read their sockets. */
  async addStalledReaders(count: number): Promise<void> {
    for (let reader = 0; reader < count; reader++) {
      const socket = await this.#open();
      socket.pause();
    }
  }

  /** Publishes events. Resolves when all active readers have all of them. */
  async publish(command: PublishCommand): Promise<void> {
    const wanted = this.#arrived + command.count * ACTIVE;
    const done = once(this.#child, "message");
    this.#child.send(command);
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
    // HTTP/1.0 has no chunks, so the body is exactly the stream.
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

/** The delays of one block: a count for each step of half a per cent. Two histograms can be added. */
type Histogram = Uint32Array;
const STEP = Math.log(1.005);
const STEPS = 4_096;

function histogramOf(delays: readonly number[]): Histogram {
  const counts = new Uint32Array(STEPS);
  for (const delay of delays) {
    const step = Math.floor(Math.log(Math.max(1, delay)) / STEP);
    counts[step] = (counts[step] ?? 0) + 1;
  }
  return counts;
}

/** Returns the delay in microseconds that a share of all delays exceeds. With a share of 0.01 it is the p99. */
function exceededBy(share: number, histograms: readonly Histogram[]): number {
  const total = BLOCKS * PAIRS * 2 * EVENTS * ACTIVE;
  let remaining = share * total;
  let step = STEPS;
  while (remaining >= 0 && step > 0) {
    step--;
    for (const counts of histograms) remaining -= counts[step] ?? 0;
  }
  return Math.exp((step + 0.5) * STEP);
}

/** The result of one block. */
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

/** Returns the 95 % confidence interval of the ratio, by a bootstrap over the blocks. */
function intervalOf(blocks: readonly Block[], random: Random): readonly [number, number] {
  const ratios = Array.from({ length: DRAWS }, () => p99Of(blocks.map(() => pick(blocks, random()))).ratio);
  const sorted = ratios.toSorted((one, other) => one - other);
  return [pick(sorted, 0.025), pick(sorted, 0.975)];
}

async function compare(): Promise<void> {
  const random = randomOf(SEED);
  const quiet = await MeasuredServer.start();
  const crowded = await MeasuredServer.start();
  await crowded.addStalledReaders(STALLED);
  for (const server of [quiet, crowded]) await server.publish({ count: FILLING_EVENTS, perSecond: 20_000 });
  const blocks: Block[] = [];
  for (let block = -WARM_UP_BLOCKS; block < BLOCKS; block++) {
    quiet.delays = [];
    crowded.delays = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const [first, second] = random() < 0.5 ? [quiet, crowded] : [crowded, quiet];
      for (const server of [first, second, second, first]) {
        await server.publish({ count: EVENTS, perSecond: PER_SECOND });
      }
    }
    if (block >= 0) blocks.push({ quiet: histogramOf(quiet.delays), crowded: histogramOf(crowded.delays) });
    if (block > 0 && block % (BLOCKS / 10) === 0) console.error(`${block} of ${BLOCKS} blocks`);
  }
  await Promise.all([quiet.close(), crowded.close()]);

  const p99 = p99Of(blocks);
  const [low, high] = intervalOf(blocks, random);
  const milliseconds = (delay: number) => `${(delay / 1_000).toFixed(2)} ms`;
  console.log(
    `Node ${process.version}, ${ACTIVE} readers, ${PER_SECOND} events a second of ${BYTES} bytes, seed ${SEED}`,
  );
  console.log(`p99 without stalled readers: ${milliseconds(p99.quiet)}`);
  console.log(`p99 with ${STALLED} stalled readers: ${milliseconds(p99.crowded)}`);
  console.log(`Ratio of the two: ${p99.ratio.toFixed(2)}; 95 % interval from ${low.toFixed(2)} to ${high.toFixed(2)}`);
  console.log(`The limit of ${MAX_RATIO} is ${describeVerdict(low, high)}.`);
  if (low > MAX_RATIO) process.exitCode = 1;
}

/** Compares the interval with the limit. */
function describeVerdict(low: number, high: number): string {
  if (high <= MAX_RATIO) return "kept";
  if (low > MAX_RATIO) return "exceeded";
  return "neither kept nor exceeded for certain: stop other work on the machine, or measure more blocks";
}

await (process.argv[2] === "serve" ? serve() : compare());
