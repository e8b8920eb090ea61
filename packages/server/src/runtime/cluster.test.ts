import { channel, defineContract } from "@tidings/contract";
import { memoryLog, type EventLog } from "@tidings/log";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WatchedLog } from "../../test/watched-log.ts";
import { createHub, type TraceRecord } from "../index.ts";
import { signOfSiblings } from "./cluster.ts";

async function recordsOn(log: EventLog): Promise<readonly TraceRecord[]> {
  const records: TraceRecord[] = [];
  const contract = defineContract({ clock: channel("clock", {}) });
  const hub = createHub(contract, { log, authorize: () => true, onLog: (record) => records.push(record) });
  await hub.close();
  return records;
}

describe("a hub in one of several processes", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("on a memory log says once that the others have logs of their own", async () => {
    vi.stubEnv("NODE_APP_INSTANCE", "1");
    expect(await recordsOn(memoryLog())).toEqual([
      expect.objectContaining({
        level: "warn",
        event: "memory-log",
        detail: expect.stringMatching(
          /^This process is one of several \(instance 1 of PM2\).*Use a log that they share/u,
        ),
      }),
    ]);
  });

  test("on another log says nothing", async () => {
    vi.stubEnv("NODE_APP_INSTANCE", "1");
    expect(await recordsOn(new WatchedLog())).toEqual([]);
  });

  test("that seems to be alone says nothing", async () => {
    expect(await recordsOn(memoryLog())).toEqual([]);
  });
});

test.each([
  ["a worker of node:cluster", { getBuiltinModule: () => ({ isWorker: true }) }, "a worker of node:cluster"],
  ["the primary of node:cluster", { env: {}, getBuiltinModule: () => ({ isWorker: false }) }, null],
  ["a child that has kept the variable", { env: { NODE_UNIQUE_ID: "1" } }, "a worker of node:cluster"],
  ["the first instance of PM2, which may be the only one", { env: { NODE_APP_INSTANCE: "0", pm_id: "3" } }, null],
  ["another instance of PM2", { env: { NODE_APP_INSTANCE: "2", pm_id: "3" } }, "instance 2 of PM2"],
  ["an instance with a name", { env: { NODE_APP_INSTANCE: "blue" } }, null],
  [
    "a runtime without the module",
    {
      getBuiltinModule: () => {
        throw new Error("none");
      },
    },
    null,
  ],
  ["a runtime without a process", undefined, null],
])("%s", (_, process, sign) => {
  expect(signOfSiblings(process)).toBe(sign);
});
