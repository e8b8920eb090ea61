import { wrapLog } from "@tidings/log/engine";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, DEFAULT_LIMITS, type TraceRecord } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { expect, test } from "vitest";
import { listen } from "../listen.ts";
import { readUntil } from "../../packages/server/test/read-until.ts";
import { openRawStream } from "../raw-stream.ts";
import { serveHub } from "../serve-hub.ts";
import { temporaryPath } from "../temporary-folder.ts";
import { lobby, testContract } from "../../packages/contract/test/test-contract.ts";
import { usedBytes } from "../used-bytes.ts";

/** How many clients reconnect at once, all with the oldest position. */
const CLIENTS = 500;
const EVENTS = 100;
/** By how many bytes two measurements of the same state may differ. */
const SLACK = 8_000_000;

async function open() {
  const log = sqliteLog(await temporaryPath());
  const reads = { running: 0, most: 0 };
  const records: TraceRecord[] = [];
  const hub = createHub(testContract, {
    log: wrapLog(log, {
      async read(...parameters) {
        if (parameters[1] === null) return log.read(...parameters);
        reads.most = Math.max(reads.most, ++reads.running);
        // As slow as a log on another machine, so that other requests arrive meanwhile.
        await delay(20);
        return log.read(...parameters).finally(() => reads.running--);
      },
    }),
    authorize: () => true,
    // With such a ring, each connection that is behind has to read the log.
    limits: { ringEntries: 1, pageEvents: 50 },
    onLog: (record) => records.push(record),
  });
  const port = await serveHub(hub, () => listen(createServer(toNodeHandler(hub)), CLIENTS));
  return { hub, reads, records, port };
}

const openStream = (port: number, query: string) => openRawStream(port, `/events?channel=rooms/lobby&${query}`);

// e2e/faults/catch-up.test.ts measures how responsive the process is meanwhile.
test("many clients that reconnect at once with an old position get everything, by few reads at a time", async () => {
  const { hub, reads, records, port } = await open();
  const { id: first } = await hub.publish(lobby, "message", { text: "first" });
  const texts = Array.from(
    { length: EVENTS },
    (_, index) => ({ address: lobby, type: "message", data: { text: `${index}` } }) as const,
  );
  const last = (await hub.publishAll(texts)).at(-1)?.id ?? "";
  await Promise.all(
    Array.from({ length: CLIENTS }, () => readUntil(openStream(port, `after=${first}`), `id: ${last}\n\n`)),
  );
  expect(reads.most).toBeLessThanOrEqual(DEFAULT_LIMITS.catchUpReads);
  await expect.poll(() => hub.stats().connections, { timeout: 10_000 }).toBe(0);
  expect(records).toEqual([]);
});

test("requests that never arrive completely use nothing of the hub, and other requests are served", async () => {
  const { hub, port } = await open();
  await readUntil(openStream(port, ""), "hello");
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
  // Byte by byte, as slowloris does.
  for (let round = 0; round < 5; round++) {
    for (const socket of slow) socket.write("a");
  }
  await readUntil(openStream(port, ""), "hello");
  await expect.poll(() => hub.stats(), { timeout: 10_000 }).toMatchObject({ connections: 0, channels: 0 });
  for (const socket of slow) socket.destroy();
  await readUntil(openStream(port, ""), "hello");
  await expect.poll(() => usedBytes() - before, { timeout: 10_000 }).toBeLessThan(SLACK);
});
