import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

// For how long a server does not react while thousands of clients connect at once:
// `npx tsx --conditions @tidings/source benchmarks/arrivals.ts`
//
// The same clients connect to a bare node:http server, which sends one word to each, and to a hub, which sends each the
// events that it has missed, from its ring. Each server is a process of its own, and the two are measured in turn. The
// benchmark compares the longest time for which the event loop was blocked, in real time and in CPU time of the
// process. CPU time does not depend on what else the machine does. It takes about two minutes.

const CLIENTS = 10_000;
const ROUNDS = 7;
/** The number of events that each client has missed. */
const EVENTS = 500;
/** The size of an event's text. */
const BYTES = 150;
/** The hub may block the event loop for this many times as long as the bare server. */
const MAX_RATIO = 1.5;

type Kind = "bare" | "hub";
const KINDS: readonly Kind[] = ["bare", "hub"];

/** What a client requests, and how it recognizes the end of the answer. */
interface Target {
  readonly port: number;
  readonly path: string;
  readonly end: string;
}

/** The longest time for which an event loop was blocked, in milliseconds. */
interface LongestBlock {
  readonly time: number;
  readonly cpu: number;
}

const setUps: Record<Kind, () => Promise<Omit<Target, "port"> & { readonly listener: RequestListener }>> = {
  async bare() {
    const listener: RequestListener = (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: hello\n\n");
    };
    return { listener, path: "/", end: "hello\n\n" };
  },
  async hub() {
    const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
    const hub = createHub(chat, { log: memoryLog({ keep: { entries: 2 * EVENTS } }), authorize: () => true });
    const event = {
      address: chat.room({ roomId: "lobby" }),
      type: "message",
      data: { text: "x".repeat(BYTES) },
    } as const;
    const published = await hub.publishAll(Array.from({ length: EVENTS + 1 }, () => event));
    const ids = published.map(({ id }) => id);
    const path = `/events?channel=${event.address.path}&protocol=1&after=${ids[0]}`;
    const handler = toNodeHandler(hub);
    const listener: RequestListener = (request, response) => void handler(request, response);
    return { listener, path, end: `id: ${ids.at(-1)}\n\n` };
  },
};

/** Runs a server. It sends its target to the parent process, and answers every message with its longest block. */
async function serve(kind: Kind): Promise<void> {
  const { listener, path, end } = await setUps[kind]();
  const server = createServer(listener).listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  const now = () => ({ time: performance.now(), cpu: cpuTime() });
  let before = now();
  let longest: LongestBlock = { time: 0, cpu: 0 };
  setInterval(() => {
    const { time, cpu } = now();
    longest = { time: Math.max(longest.time, time - before.time), cpu: Math.max(longest.cpu, cpu - before.cpu) };
    before = { time, cpu };
  }, 2);
  process.on("message", () => process.send?.(longest));
  // Safe: the server listens on a TCP port, so its address is an object.
  process.send?.({ port: (server.address() as AddressInfo).port, path, end });
}

/** Returns the CPU time of this process, in milliseconds. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Connects all clients at once. Sends a message to the parent process when every client has its whole answer. */
async function connectClients({ port, path, end }: Target): Promise<void> {
  const sockets: Socket[] = [];
  const connectClient = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      // HTTP/1.0 has no chunks, so the body is exactly the stream.
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      let tail = "";
      socket.setEncoding("latin1").on("error", reject);
      socket.on("data", (chunk: string) => {
        tail = (tail + chunk).slice(-end.length);
        if (tail === end) resolve();
      });
    });
  await Promise.all(Array.from({ length: CLIENTS }, connectClient));
  process.send?.("done");
}

/** Measures one server with one crowd of clients. */
async function measure(kind: Kind): Promise<LongestBlock> {
  const server = fork(import.meta.filename, ["serve", kind]);
  // Safe: the first message of `serve` is its target, and every later one is its longest block.
  const [target] = (await once(server, "message")) as [Target];
  const clients = fork(import.meta.filename, ["connect", JSON.stringify(target)]);
  await once(clients, "message");
  const answered = once(server, "message");
  server.send("longest block?");
  const [longest] = (await answered) as [LongestBlock];
  for (const child of [clients, server]) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  return longest;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function compare(): Promise<void> {
  const blocks: Record<Kind, LongestBlock[]> = { bare: [], hub: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? KINDS : KINDS.toReversed();
    for (const kind of order) blocks[kind].push(await measure(kind));
  }
  const medianOf = (kind: Kind, field: keyof LongestBlock) => median(blocks[kind].map((block) => block[field]));
  console.log(`Node ${process.version}, ${CLIENTS} clients at once, ${EVENTS} missed events for each at the hub`);
  console.log(`The longest time for which the event loop was blocked, median of ${ROUNDS} rounds:`);
  console.table(
    Object.fromEntries(
      KINDS.map((kind) => [
        kind,
        { "time (ms)": medianOf(kind, "time").toFixed(), "CPU time (ms)": medianOf(kind, "cpu").toFixed() },
      ]),
    ),
  );
  const timeRatio = medianOf("hub", "time") / medianOf("bare", "time");
  const cpuRatio = medianOf("hub", "cpu") / medianOf("bare", "cpu");
  console.log(`hub / bare: ${timeRatio.toFixed(2)} in time, ${cpuRatio.toFixed(2)} in CPU time`);
  const isKept = cpuRatio < MAX_RATIO;
  console.log(`The limit of ${MAX_RATIO} in CPU time is ${isKept ? "kept" : "exceeded"}.`);
  if (!isKept) process.exitCode = 1;
}

const [command, argument = ""] = process.argv.slice(2);
if (command === "serve") {
  await serve(argument === "hub" ? "hub" : "bare");
} else if (command === "connect") {
  // Safe: `measure` passes the target of `serve`.
  await connectClients(JSON.parse(argument) as Target);
} else {
  await compare();
}
