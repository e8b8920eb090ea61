import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { channel, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, DEFAULT_LIMITS, type TraceRecord } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { freshFolder } from "../fresh-folder.ts";
import { usedBytes } from "../used-bytes.ts";

const chat = defineContract({ room: channel("rooms/:roomId", { message: z.object({ text: z.string() }) }) });
const lobby = chat.room({ roomId: "lobby" });

/** Who comes back at once, all with the oldest position. */
const CLIENTS = 500;
const EVENTS = 100;
/** Bytes that may be more or less at any moment. */
const SLACK = 8_000_000;

async function open() {
  const log = sqliteLog(`${await freshFolder()}/log.db`);
  const reads = { running: 0, most: 0 };
  const records: TraceRecord[] = [];
  const hub = createHub(chat, {
    log: {
      append: (batch) => log.append(batch),
      async read(...args) {
        if (args[1] === null) return log.read(...args);
        reads.most = Math.max(reads.most, ++reads.running);
        // A log that takes a moment, as one on another machine would: the turn of all others comes meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 20));
        return log.read(...args).finally(() => reads.running--);
      },
      recent: (...args) => log.recent(...args),
      current: (...args) => log.current(...args),
      head: () => log.head(),
      watch: (wake) => log.watch(wake),
      trim: () => log.trim(),
      stat: () => log.stat(),
      close: () => log.close(),
    },
    authorize: () => true,
    // Nothing at hand: whoever is behind has to ask the log.
    limits: { ringEntries: 1, pageEvents: 50 },
    onLog: (record) => records.push(record),
  });
  const server = createServer(toNodeHandler(hub)).listen(0, "127.0.0.1", CLIENTS);
  await once(server, "listening");
  onTestFinished(async () => {
    await hub.close();
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a TCP port has an address of this shape.
  return { hub, reads, records, port: (server.address() as AddressInfo).port };
}

/** Reads a stream until a text has come. */
async function readUntil(port: number, query: string, text: string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`GET /events?channel=rooms/lobby&${query} HTTP/1.0\r\n\r\n`);
  let tail = "";
  for await (const chunk of socket) {
    tail = tail.slice(-text.length) + String(chunk);
    if (tail.includes(text)) return;
  }
  throw new Error(`Expected ${text}, got the end of the stream.`);
}

// How awake the process stays meanwhile: e2e/faults/catch-up.test.ts.
test("many who come back at once with the oldest position get everything, few reads at a time", async () => {
  const { hub, reads, records, port } = await open();
  const { id: first } = await hub.publish(lobby, "message", { text: "first" });
  const texts = Array.from(
    { length: EVENTS },
    (_, index) => ({ address: lobby, type: "message", data: { text: `${index}` } }) as const,
  );
  const last = (await hub.publishAll(texts)).at(-1)?.id ?? "";
  await Promise.all(Array.from({ length: CLIENTS }, () => readUntil(port, `after=${first}`, `id: ${last}\n\n`)));
  expect(reads.most).toBeLessThanOrEqual(DEFAULT_LIMITS.catchUpReads);
  await expect.poll(() => hub.stats().connections, { timeout: 10_000 }).toBe(0);
  expect(records).toEqual([]);
});

test("requests of which only a part comes hold nothing of the hub, and the others are served", async () => {
  const { hub, port } = await open();
  await readUntil(port, "", "hello");
  const head = "POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
  const halves = [
    "GET /events?channel=rooms/lobby HTTP/1.1\r\nhost: x\r\nx-slow: ",
    `${head}content-length: 60000\r\n\r\n{"channels":{`,
    `${head}transfer-encoding: chunked\r\n\r\nffff\r\n{`,
    `${head}content-length: 60000\r\nexpect: 100-continue\r\n\r\n`,
  ];
  const before = usedBytes();
  const slow = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      socket.write(halves[index % halves.length] ?? "");
      return socket;
    }),
  );
  // Drop by drop, as slowloris does.
  for (let drop = 0; drop < 5; drop++) for (const socket of slow) socket.write("a");
  await readUntil(port, "", "hello");
  await expect.poll(() => hub.stats(), { timeout: 10_000 }).toMatchObject({ connections: 0, channels: 0 });
  for (const socket of slow) socket.destroy();
  await readUntil(port, "", "hello");
  await expect.poll(() => usedBytes() - before, { timeout: 10_000 }).toBeLessThan(SLACK);
});
