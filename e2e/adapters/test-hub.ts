import { memoryLog } from "@tidings/log";
import { createHub, type TraceRecord } from "@tidings/server";
import { onTestFinished } from "vitest";
import type { ListeningServer } from "../listen.ts";
import { testContract } from "../../packages/contract/test/test-contract.ts";

/** A hub that allows everything, until the test has finished. `records` is what it has reported. */
export function openHub() {
  const records: TraceRecord[] = [];
  const hub = createHub(testContract, {
    log: memoryLog(),
    authorize: () => true,
    onLog: (record) => records.push(record),
  });
  onTestFinished(() => hub.close());
  return { hub, records };
}

/** The address of a server, which is closed when the test has finished. */
export function urlOf({ port, close }: ListeningServer): string {
  onTestFinished(async () => {
    await close();
  });
  return `http://127.0.0.1:${port}`;
}
