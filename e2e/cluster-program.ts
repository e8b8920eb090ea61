import cluster from "node:cluster";
import { memoryLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type TraceRecord } from "@tidings/server";
import { testContract } from "../packages/contract/test/test-contract.ts";

// Two workers of node:cluster, each with a hub. Each prints what its hub has logged, as one line of JSON. The argument
// is the path of a SQLite log that they share; without it, each has a memory log.

const path = process.argv[2];

if (cluster.isPrimary) {
  for (let count = 0; count < 2; count++) cluster.fork();
} else {
  const records: TraceRecord[] = [];
  const hub = createHub(testContract, {
    log: path === undefined ? memoryLog() : sqliteLog(path),
    authorize: () => true,
    onLog: (record) => records.push(record),
  });
  await hub.close();
  console.log(JSON.stringify(records));
  process.exit();
}
