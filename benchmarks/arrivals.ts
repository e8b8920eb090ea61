import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

// For how long a server is deaf while thousands arrive at once: `npx tsx --conditions @tidings/source benchmarks/arrivals.ts`
//
// The same crowd comes to a bare node:http server, which says one word to each, and to a hub, which brings each up to date from its ring.
// Each server is a process of its own, and they take turns. Compared is the longest turn of the event loop, in time and in CPU time of
// the process: the latter does not care what else the machine does. About two minutes.

const CLIENTS = 10_000;
const ROUNDS = 7;
/** What each has missed. */
const EVENTS = 500;
const BYTES = 150;
/** Longest turns of a hub, as parts of those of a server that does nothing. */
const BAR = 1.5;

type Kind = "bare" | "hub";
const kinds: readonly Kind[] = ["bare", "hub"];

/** Where a crowd goes, and what it waits for. */
interface Errand {
  readonly port: number;
  readonly path: string;
  readonly end: string;
}

/** The longest turn of an event loop, in milliseconds. */
interface Turn {
  readonly time: number;
  readonly cpu: number;
}

const handlers: Record<Kind, () => Promise<Omit<Errand, "port"> & { readonly listener: RequestListener }>> = {
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
    const ids = (await hub.publishAll(Array.from({ length: EVENTS + 1 }, () => event))).map(({ id }) => id);
    const path = `/events?channel=${event.address.path}&protocol=1&after=${ids[0]}`;
    return { listener: toNodeHandler(hub), path, end: `id: ${ids.at(-1)}\n\n` };
  },
};

async function serve(kind: Kind): Promise<void> {
  const { listener, path, end } = await handlers[kind]();
  const server = createServer(listener).listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  const now = () => ({ time: performance.now(), cpu: cpuTime() });
  let before = now();
  let longest: Turn = { time: 0, cpu: 0 };
  setInterval(() => {
    const { time, cpu } = now();
    longest = { time: Math.max(longest.time, time - before.time), cpu: Math.max(longest.cpu, cpu - before.cpu) };
    before = { time, cpu };
  }, 2);
  process.on("message", () => process.send?.(longest));
  // A server that listens on a TCP port has an address of this shape.
  process.send?.({ port: (server.address() as AddressInfo).port, path, end });
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Comes in one moment, and stays until all have what they wait for. */
async function come({ port, path, end }: Errand): Promise<void> {
  const sockets: Socket[] = [];
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      // HTTP/1.0 has no chunks: the body is the stream as it is.
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
      let tail = "";
      socket.setEncoding("latin1").on("error", reject);
      socket.on("data", (chunk: string) => {
        tail = (tail + chunk).slice(-end.length);
        if (tail === end) resolve();
      });
    });
  await Promise.all(Array.from({ length: CLIENTS }, one));
  process.send?.("done");
}

async function longestTurn(kind: Kind): Promise<Turn> {
  const server = fork(import.meta.filename, ["serve", kind]);
  const [errand] = (await once(server, "message")) as [Errand];
  const crowd = fork(import.meta.filename, ["come", JSON.stringify(errand)]);
  await once(crowd, "message");
  const answered = once(server, "message");
  server.send("how long?");
  const [turn] = (await answered) as [Turn];
  for (const child of [crowd, server]) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  return turn;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function compare(): Promise<void> {
  const turns: Record<Kind, Turn[]> = { bare: [], hub: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) turns[kind].push(await longestTurn(kind));
  }
  const of = (kind: Kind, what: keyof Turn) => median(turns[kind].map((turn) => turn[what]));
  console.log(
    `Node ${process.version}, ${CLIENTS} at once, ${EVENTS} events for each at the hub; longest turn, median of ${ROUNDS}`,
  );
  console.table(
    Object.fromEntries(
      kinds.map((kind) => [kind, { ms: of(kind, "time").toFixed(), "ms of CPU": of(kind, "cpu").toFixed() }]),
    ),
  );
  const ratio = of("hub", "cpu") / of("bare", "cpu");
  console.log(
    `hub : bare ${(of("hub", "time") / of("bare", "time")).toFixed(2)} in time, ${ratio.toFixed(2)} in CPU time`,
  );
  console.log(`the bar of ${BAR} in CPU time is ${ratio < BAR ? "kept" : "missed"}`);
  if (ratio >= BAR) process.exitCode = 1;
}

const [verb, given = ""] = process.argv.slice(2);
if (verb === "serve") await serve(given === "hub" ? "hub" : "bare");
// What the server has said, see serve.
else if (verb === "come") await come(JSON.parse(given) as Errand);
else await compare();
