import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { channel, defineContract, latest } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { describeEventLog } from "@tidings/log/conformance";
import { redisLog } from "@tidings/log-redis";
import { sqliteLog, startEpoch } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { toFetchHandler } from "@tidings/server/fetch";
import { toNodeHandler } from "@tidings/server/node";
import { createTickets } from "@tidings/server/tickets";
import { createHooks } from "@tidings/react";
import { createTestKit } from "@tidings/testing";
import { describeWire } from "@tidings/testing/wire";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";

const contract = defineContract({
  room: channel("rooms/:roomId", { said: z.object({ text: z.string() }), topic: latest(z.object({})) }),
});
const room = contract.room({ roomId: "lobby" });
const folder = mkdtempSync(join(tmpdir(), "tidings-e2e-"));
const file = join(folder, "log.db");
const hub = createHub(contract, { log: memoryLog(), authorize: () => true });
const sqliteHub = createHub(contract, { log: sqliteLog(file), authorize: () => true });
const tickets = createTickets();
afterAll(async () => {
  await Promise.all([hub.close(), sqliteHub.close()]);
  rmSync(folder, { recursive: true, maxRetries: 3 });
});
const facts = { survivesReopen: false, heedsClock: false, runs: 1 };
const open = () => {};
const said = { address: room, type: "said", data: { text: "" } };

/**
 * What is called with other arguments than its types allow, as plain JavaScript may. The types are taken away on
 * purpose.
 */
const functions = {
  createHub,
  toNodeHandler,
  toFetchHandler,
  createTickets,
  memoryLog,
  redisLog,
  sqliteLog,
  startEpoch,
  describeEventLog,
  createTestKit,
  describeWire,
  createHooks,
  issue: (...args: [never]) => tickets.issue(...args),
  publish: (...args: [never, never, never]) => hub.publish(...args),
  publishAll: (...args: [never]) => hub.publishAll(...args),
  publishIn: (...args: [never, never, never, never]) => sqliteHub.publishIn(...args),
  clear: (...args: [never, never]) => hub.clear(...args),
  disconnect: (...args: [never]) => hub.disconnect(...args),
  recheck: (...args: [never]) => hub.recheck(...args),
  connect: async (...args: [never]) => {
    await using kit = await createTestKit(contract);
    return kit.connect(...args);
  },
} as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

describe("what plain JavaScript passes is refused with one sentence", () => {
  test.each<[name: string, args: readonly unknown[], message: string]>([
    ["createHub", [], "Expected the contract of createHub to be made with defineContract, got undefined."],
    ["createHub", [5, {}], "Expected the contract of createHub to be made with defineContract, got number."],
    ["createHub", [{ room: {} }, {}], "Expected the contract of createHub to be made with defineContract, got object."],
    ["createHub", [contract], "Expected the options of createHub to be an object, got undefined."],
    ["toNodeHandler", [], 'Expected "hub" to have a method "handle", got undefined; pass a hub.'],
    ["toNodeHandler", [{}], 'Expected "hub" to have a method "handle", got undefined; pass a hub.'],
    ["toFetchHandler", [], 'Expected "hub" to have a method "handle", got undefined; pass a hub.'],
    ["toFetchHandler", [{ handle: 5 }], 'Expected "hub" to have a method "handle", got number; pass a hub.'],
    ["createTickets", [{ limits: 5 }], 'Expected one of limit, clock in the options of createTickets, got "limits".'],
    ["createTickets", [{ clock: {} }], 'Expected "clock" to have a method "now", got undefined; pass a clock.'],
    ["issue", [], 'Expected issue to get a viewer with a string "id" that is not empty, got undefined.'],
    ["issue", ["ada"], 'Expected issue to get a viewer with a string "id" that is not empty, got string.'],
    ["issue", [{ id: "" }], 'Expected issue to get a viewer with a string "id" that is not empty, got an empty one.'],
    ["issue", [{ id: 5 }], 'Expected issue to get a viewer with a string "id" that is not empty, got number.'],
    ["publish", [room.path, "said", {}], "Expected an address such as chat.room({ roomId }), got string."],
    [
      "publish",
      [room, "said", said.data, { key: "" }],
      'Expected one of idempotencyKey, expects in the options of publish, got "key".',
    ],
    ["publish", [room, Symbol("said"), {}], 'Expected "type" to be a string, got symbol.'],
    ["publish", [room, Object.create(null), {}], 'Expected "type" to be a string, got object.'],
    ["clear", [room, Symbol("topic")], 'Expected "type" to be a string, got symbol.'],
    ["publishAll", [said], "Expected a list of events in publishAll, got object."],
    ["publishAll", [[{ ...said, adress: room }]], 'in an event of publishAll, got "adress".'],
    ["publishIn", [{}, room, "said", said.data], 'Expected "transaction" to have a method "prepare", got undefined'],
    [
      "publishIn",
      [null, room, "said", said.data, { key: "" }],
      'Expected one of idempotencyKey, expects in the options of publishIn, got "key".',
    ],
    ["clear", [room, "topic", 5], 'Expected "key" to be a string, got number.'],
    ["disconnect", [], "Expected the selector of disconnect to be an object, got undefined."],
    [
      "disconnect",
      [{ viewer: undefined, address: room }],
      'Expected "viewer" in the selector of disconnect to have a value, got undefined; leave the key out.',
    ],
    ["recheck", [{ viewr: "ada" }], 'Expected one of viewer, address in the selector of recheck, got "viewr".'],
    ["memoryLog", [5], "Expected the options of memoryLog to be an object, got number."],
    ["memoryLog", [{ kep: {} }], 'Expected one of keep, burst, now, random in the options of memoryLog, got "kep".'],
    ["memoryLog", [{ keep: 5 }], 'Expected "keep" to be an object, got number.'],
    ["memoryLog", [{ keep: new Map() }], 'Expected "keep" to be a plain object, got [object Map].'],
    ["sqliteLog", [file, { keep: Promise.resolve({}) }], 'Expected "keep" to be a plain object, got [object Promise].'],
    ["memoryLog", [{ now: 5 }], 'Expected "now" to be a function, got number.'],
    ["memoryLog", [{ burst: Number.NaN }], 'Expected "burst" to be a number from 0 to Infinity, got NaN.'],
    ["redisLog", [], "Expected the connection of redisLog to be a URL or settings, got undefined."],
    ["redisLog", ["redis://localhost", { kep: {} }], 'in the options of redisLog, got "kep".'],
    ["redisLog", ["redis://localhost", { replicas: "1" }], 'Expected "replicas" to be a number, got string.'],
    [
      "redisLog",
      ["redis://localhost", { clock: {} }],
      'Expected "clock" to have a method "now", got undefined; pass a clock.',
    ],
    ["sqliteLog", [], 'Expected "path" to be a string, got null.'],
    ["sqliteLog", [{ path: file }], 'Expected "path" to be a string, got object.'],
    ["sqliteLog", [file, { kep: {} }], 'in the options of sqliteLog, got "kep".'],
    ["sqliteLog", [file, { synchronous: "off" }], 'Expected "synchronous" to be "normal" or "full", got "off".'],
    ["sqliteLog", [file, { patience: "1s" }], 'Expected "patience" to be a number, got string.'],
    ["sqliteLog", [file, { clock: {} }], 'Expected "clock" to have a method "now", got undefined; pass a clock.'],
    ["startEpoch", [], 'Expected "path" to be a string, got null.'],
    ["startEpoch", [file, { randm: Math.random }], 'Expected one of random in the options of startEpoch, got "randm".'],
    ["describeEventLog", ["mine", null, facts], 'Expected "open" to be a function, got null.'],
    ["describeEventLog", ["mine", open, { ...facts, run: 1 }], 'in the facts of describeEventLog, got "run".'],
    ["createTestKit", [], 'Expected "contract" to be an object, got null.'],
    [
      "describeEventLog",
      ["mine", open, { ...facts, lacks: { reset: "" } }],
      'loseSuffix, skewed in lacks, got "reset".',
    ],
    ["createTestKit", [contract, 5], 'Expected "options" to be an object, got number.'],
    ["createTestKit", [contract, { authorise: open }], 'in the options of createHub, got "authorise".'],
    ["connect", ["ada"], 'Expected "viewer" to be an object, got string.'],
    ["connect", [{ viewer: "ada" }], 'Expected "viewer.id" to be a string, got null.'],
    ["describeWire", ["mine", { open, fact: {} }], 'in the trial of describeWire, got "fact".'],
    [
      "describeWire",
      ["mine", { open, facts: { http: 1 } }],
      'Expected "runner" to have a method "describe", got undefined',
    ],
    ["createHooks", [], "Expected the contract of createHooks to be an object, got undefined."],
  ])("%s(...%j)", async (name, args, message) => {
    await expect((async () => functions[name]?.(...args))()).rejects.toThrow(message);
  });
});
