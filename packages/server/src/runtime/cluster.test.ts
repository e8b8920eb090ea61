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
    vi.stubEnv("pm_id", "1");
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
    vi.stubEnv("pm_id", "1");
    vi.stubEnv("NODE_APP_INSTANCE", "1");
    expect(await recordsOn(new WatchedLog())).toEqual([]);
  });

  test("that seems to be alone says nothing", async () => {
    expect(await recordsOn(memoryLog())).toEqual([]);
  });
});

/** The environment of an instance of PM2 in its cluster mode. */
const pm2 = (number: string | undefined, instances: string | undefined) => ({
  pm_id: "3",
  exec_mode: "cluster_mode",
  instance_var: "NODE_APP_INSTANCE",
  NODE_APP_INSTANCE: number,
  instances,
});

test.each([
  ["a worker of node:cluster", { getBuiltinModule: () => ({ isWorker: true }) }, "a worker of node:cluster"],
  ["the primary of node:cluster", { env: {}, getBuiltinModule: () => ({ isWorker: false }) }, null],
  ["a child that has kept the variable", { env: { NODE_UNIQUE_ID: "1" } }, "a worker of node:cluster"],
  // What PM2 7 sets in its modes.
  ["the only instance of PM2", { env: { ...pm2("0", "1"), exec_mode: "fork_mode" } }, null],
  ["the only instance of PM2 as a worker", { env: pm2("0", "1"), getBuiltinModule: () => ({ isWorker: true }) }, null],
  ["the first of two instances of PM2", { env: { ...pm2("0", "2"), exec_mode: "fork_mode" } }, "instance 0 of PM2"],
  ["a process whose NODE_APP_INSTANCE is not of PM2", { env: { NODE_APP_INSTANCE: "2" } }, null],
  ["the second one", { env: { ...pm2("1", "2"), exec_mode: "fork_mode" } }, "instance 1 of PM2"],
  ["an instance that was added later", { env: pm2("1", "1") }, "instance 1 of PM2"],
  [
    "an instance whose variable has another name",
    { env: { ...pm2(undefined, undefined), instance_var: "INSTANCE_ID", INSTANCE_ID: "1" } },
    "instance 1 of PM2",
  ],
  [
    "a worker of node:cluster below PM2",
    { env: { ...pm2("0", "1"), exec_mode: "fork_mode" }, getBuiltinModule: () => ({ isWorker: true }) },
    "a worker of node:cluster",
  ],
  ["a variable of somebody else", { env: { instances: "3" } }, null],
  ["the first instance of an older PM2", { env: { NODE_APP_INSTANCE: "0", pm_id: "3" } }, null],
  ["another instance of an older PM2", { env: { NODE_APP_INSTANCE: "2", pm_id: "3" } }, "instance 2 of PM2"],
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
