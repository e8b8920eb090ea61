import { createServer } from "node:http";
import type { Socket } from "node:net";
import { memoryLog } from "@tidings/log";
import { eventName, formatFrame } from "@tidings/protocol";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { Changes } from "./changes.ts";
import { listen } from "./listen.ts";
import { openRawStream } from "./raw-stream.ts";
import { serveHub } from "./serve-hub.ts";
import { lobby, testContract } from "../packages/contract/test/test-contract.ts";

const CONNECTIONS = 1_000;
const EVENTS = 200;
/** More than the buffers of the kernel hold: 4 MiB on Linux. */
const BYTES = 6 * 1024 * 1024;

async function start() {
  const hub = createHub(testContract, {
    log: memoryLog({ keep: { entries: EVENTS } }),
    authorize: () => true,
    heartbeat: 300_000,
    // Small, so that a stalled reader falls behind the ring and has to be served from the log.
    limits: { ringBytes: BYTES / 8 },
  });
  const server = createServer(toNodeHandler(hub));
  /** The server's sockets, by the port of the client. */
  const accepted = new Map<number, Socket>();
  server.on("connection", (socket) => accepted.set(socket.remotePort ?? 0, socket));
  const port = await serveHub(hub, () => listen(server, CONNECTIONS));
  return { hub, port, accepted };
}

/** A connection that compares what arrives with the expected stream, byte by byte, and stores nothing. */
class Follower {
  readonly socket: Socket;
  readonly #expected: Buffer;
  /** How many of the expected bytes have arrived; -1 before the end of the hello. */
  #offset = -1;
  #head = "";
  #surprise: string | null = null;
  readonly #changes = new Changes();

  constructor(port: number, expected: Buffer) {
    this.#expected = expected;
    this.socket = openRawStream(port, `/events?channel=${lobby.path}`);
    this.socket.on("data", (chunk) => {
      this.#take(chunk);
      this.#changes.announce();
    });
    this.socket.once("close", () => {
      this.#surprise ??= "the end of the connection";
      this.#changes.announce();
    });
  }

  /** Resolves when everything up to an offset has arrived. @throws Error when anything else has arrived */
  async has(offset: number): Promise<void> {
    await this.#changes.until(() => this.#offset >= offset || this.#surprise !== null);
    if (this.#surprise !== null) throw new Error(`Expected the stream at ${this.#offset}, got ${this.#surprise}.`);
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
    if (!body.equals(this.#expected.subarray(this.#offset, next))) {
      this.#surprise ??= body.toString("utf8").slice(0, 200);
    }
    this.#offset = next;
  }
}

test("one of 1,000 connections stalls: the others get everything in order, and it catches up later", async () => {
  const { hub, port, accepted } = await start();
  const text = "x".repeat(BYTES / EVENTS);
  const { id: first } = await hub.publish(lobby, "message", { text: "before the first connection" });
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
  const serverSocket = accepted.get(stalled.socket.localPort ?? 0);
  let mostBuffered = 0;
  let published = 0;
  for (let index = 0; index < EVENTS; index++) {
    await hub.publish(lobby, "message", { text: `${index} ${text}` });
    published += frames[index]?.length ?? 0;
    if (index % 4 === 3) await Promise.all(others.map((follower) => follower.has(published)));
    mostBuffered = Math.max(mostBuffered, serverSocket?.writableLength ?? Number.POSITIVE_INFINITY);
  }

  // The connection is really stalled: more bytes are owed than all buffers on the way hold.
  expect(serverSocket?.writableLength).toBeGreaterThan(0);
  expect(mostBuffered).toBeLessThan(1024 * 1024);
  stalled.socket.resume();
  await Promise.all(followers.map((follower) => follower.has(expected.length)));
}, 120_000);
