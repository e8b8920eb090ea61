import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { eventName, formatFrame } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

const CONNECTIONS = 1_000;
const EVENTS = 200;
/** More than the buffers of the kernel hold, which are 4 MiB on Linux. */
const BYTES = 6 * 1024 * 1024;

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });

async function start() {
  const hub = createHub(chat, {
    log: memoryLog({ keep: { entries: EVENTS } }),
    authorize: () => true,
    heartbeat: 300_000,
    // Small, so that whoever stands still falls out of it and has to come back by way of the log.
    limits: { ringBytes: BYTES / 8 },
  });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1", CONNECTIONS);
  /** Our ends of the connections, by the port of the other. */
  const accepted = new Map<number, Socket>();
  server.on("connection", (socket) => accepted.set(socket.remotePort ?? 0, socket));
  await once(server, "listening");
  // A server that listens on a TCP port has an address of this shape.
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  return { hub, port, accepted };
}

/** One connection. It compares what arrives, byte by byte, with the stream that should, and keeps nothing. */
class Follower {
  readonly socket: Socket;
  readonly #expected: Buffer;
  /** How much of what was expected has arrived; -1 before the end of the hello. */
  #offset = -1;
  #head = "";
  #surprise: string | null = null;
  #moved: () => void = () => {};

  constructor(port: number, expected: Buffer) {
    this.#expected = expected;
    this.socket = connect(port, "127.0.0.1");
    // HTTP/1.0 has no chunks: the body is the stream as it is.
    this.socket.write(`GET /events?channel=${lobby.path} HTTP/1.0\r\n\r\n`);
    this.socket.on("data", (chunk) => {
      this.#take(chunk);
      this.#moved();
    });
    this.socket.once("close", () => {
      this.#surprise ??= "the end of the connection";
      this.#moved();
    });
  }

  /** Resolves when everything up to an offset has arrived. @throws when something else has */
  async has(offset: number): Promise<void> {
    while (this.#offset < offset) {
      if (this.#surprise !== null) throw new Error(`Expected the stream at ${this.#offset}, got ${this.#surprise}.`);
      await new Promise<void>((resolve) => (this.#moved = resolve));
    }
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.#offset === -1) {
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\n\n", this.#head.indexOf("\r\n\r\n"));
      if (end === -1) return;
      body = Buffer.from(this.#head.slice(end + 2), "latin1");
      this.#offset = 0;
    }
    const next = this.#offset + body.length;
    if (!body.equals(this.#expected.subarray(this.#offset, next)))
      this.#surprise ??= body.toString("utf8").slice(0, 200);
    this.#offset = next;
  }
}

test("of 1,000 connections one is stalled: the others see everything in order meanwhile, and the stalled one catches up", async () => {
  const { hub, port, accepted } = await start();
  const text = "x".repeat(BYTES / EVENTS);
  const { id: first } = await hub.publish(lobby, "message", { text: "before anybody came" });
  const [epoch = "", seq] = first.split(".");
  const frames = Array.from({ length: EVENTS }, (_, index) => {
    const data = JSON.stringify({ text: `${index} ${text}` });
    return formatFrame(eventName(lobby.path, "message"), data, `${epoch}.${Number(seq) + 1 + index}`);
  });
  const expected = Buffer.from(frames.join(""));

  const followers = Array.from({ length: CONNECTIONS }, () => new Follower(port, expected));
  onTestFinished(() => followers.forEach(({ socket }) => socket.destroy()));
  await Promise.all(followers.map((follower) => follower.has(0)));
  expect(hub.stats().connections).toBe(CONNECTIONS);

  const [stalled, ...others] = followers;
  if (stalled === undefined) throw new Error("Expected a connection to stall.");
  stalled.socket.pause();
  const ours = accepted.get(stalled.socket.localPort ?? 0);
  let mostBuffered = 0;
  let published = 0;
  for (let index = 0; index < EVENTS; index++) {
    await hub.publish(lobby, "message", { text: `${index} ${text}` });
    published += frames[index]?.length ?? 0;
    if (index % 4 === 3) await Promise.all(others.map((follower) => follower.has(published)));
    mostBuffered = Math.max(mostBuffered, ours?.writableLength ?? Number.POSITIVE_INFINITY);
  }

  // It is stalled indeed: there is more to come than all buffers on the way hold.
  expect(ours?.writableLength).toBeGreaterThan(0);
  expect(mostBuffered).toBeLessThan(1024 * 1024);
  stalled.socket.resume();
  await Promise.all(followers.map((follower) => follower.has(expected.length)));
}, 120_000);
