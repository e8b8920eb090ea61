import { describe, expect, test } from "vitest";
import { measureAbsence } from "./absence.ts";
import { measureSlowReader } from "./slow-reader.ts";

// Small runs of each benchmark, with Tidings and one other peer, so that the files keep working. The published figures
// come from the full runs.

/** 48 MB and 16,000 events: more than the sockets of a machine can buffer, and more than a memory log keeps. */
const TRAFFIC = { warmUp: 20, events: 16_000, bytes: 3_000, perSecond: 8_000 };
const MEGABYTE = 1_000_000;

describe.concurrent("a reader that stops reading", { timeout: 60_000 }, () => {
  test("costs Tidings no queue, disturbs nobody, and gets a gap for what retention has removed", async () => {
    const result = await measureSlowReader("tidings-memory", TRAFFIC);
    expect(result).toMatchObject({ healthy: 16_000, repeated: 0, disordered: 0, notices: "gap: trimmed" });
    expect(result.slow).toBeLessThan(16_000);
    expect(result.queued).toBeLessThan(MEGABYTE);
  });

  test("gets everything from socket.io, from a queue of its own", async () => {
    const result = await measureSlowReader("socket.io", TRAFFIC);
    expect(result).toMatchObject({ healthy: 16_000, slow: 16_000, repeated: 0, disordered: 0, notices: "" });
    expect(result.queued).toBeGreaterThan(MEGABYTE);
  });
});

describe.concurrent("a reader that was away", { timeout: 60_000 }, () => {
  const everything = { missed: 250, arrived: 250, repeated: 0, disordered: 0, notices: "" };

  test.for(["tidings-memory", "socket.io"] as const)("gets what it missed, once and in order: %s", async (name) => {
    expect(await measureAbsence(name, 250)).toEqual(everything);
  });

  test("gets it after a restart of the server, too, if the log of Tidings is a file", async () => {
    expect(await measureAbsence("tidings-sqlite", 250, true)).toEqual(everything);
  });

  test("gets a notice from socket.io after a restart that it was not recovered", async () => {
    expect(await measureAbsence("socket.io", 250, true)).toEqual({
      ...everything,
      arrived: 0,
      notices: "recovered: false",
    });
  });
});
