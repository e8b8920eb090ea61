import { describe, expect, test } from "vitest";
import { beAway } from "./absence.ts";
import { standStill } from "./slow-reader.ts";

// Small runs of each measurement, with Tidings and with one peer, so that the files do not rot. The figures are those of the full runs.

/** 40 MB: beyond what the sockets of a machine take up by themselves. */
const TRAFFIC = { warmUp: 20, events: 4_000, bytes: 10_000, perSecond: 8_000 };
const MEGABYTE = 1_000_000;

describe.concurrent("a reader that stops reading", { timeout: 60_000 }, () => {
  test("costs Tidings no queue, disturbs nobody, and is told of what retention has taken", async () => {
    const result = await standStill("tidings-memory", TRAFFIC);
    expect(result).toMatchObject({ healthy: 4_000, repeated: 0, disordered: 0, told: "gap: trimmed" });
    expect(result.slow).toBeLessThan(4_000);
    expect(result.queued).toBeLessThan(MEGABYTE);
  });

  test("is given everything by socket.io, out of a queue of its own", async () => {
    const result = await standStill("socket.io", TRAFFIC);
    expect(result).toMatchObject({ healthy: 4_000, slow: 4_000, repeated: 0, disordered: 0, told: "" });
    expect(result.queued).toBeGreaterThan(MEGABYTE);
  });
});

describe.concurrent("a reader that was away", { timeout: 60_000 }, () => {
  const everything = { missed: 250, arrived: 250, repeated: 0, disordered: 0, told: "" };

  test.for(["tidings-memory", "socket.io"] as const)("gets what it missed, once and in order: %s", async (name) => {
    expect(await beAway(name, 250)).toEqual(everything);
  });

  test("gets it also over a restart of the server, where the log of Tidings is a file", async () => {
    expect(await beAway("tidings-sqlite", 250, true)).toEqual(everything);
  });

  test("is told by socket.io that it was not recovered, after a restart", async () => {
    expect(await beAway("socket.io", 250, true)).toEqual({ ...everything, arrived: 0, told: "recovered: false" });
  });
});
