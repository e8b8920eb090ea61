import { memoryLog } from "@tidings/log";
import { createTestKit, type TestKit } from "@tidings/testing";
import { expect, test } from "vitest";
import { contractWithSnapshot } from "../packages/contract/test/test-contract.ts";

const room = contractWithSnapshot.room({ roomId: "lobby" });

/** The most bytes that the log keeps. */
const KEPT = 1_000_000;
/** Milliseconds between two events. */
const PACE = 30;
/** After so many events, what was sent arrives: a latency of up to 90 ms. */
const LATENCY = 3;

/** A client begins in a room whose log keeps the bytes of one and a half seconds, and reads on for fifteen seconds. */
async function readInTightLog(snapshotOverlap: number) {
  const kit: TestKit<typeof contractWithSnapshot> = await createTestKit(contractWithSnapshot, {
    // Otherwise the ring would serve whom retention has nothing left for.
    limits: { ringEntries: 1 },
    log: memoryLog({ keep: { bytes: KEPT }, now: () => kit.clock.now() }),
    snapshotOverlap,
    snapshot: { room: () => ({ text: "" }) },
  });
  const text = "x".repeat(20_000);
  for (let count = 0; count < 60; count++) await kit.hub.publish(room, "message", { text });
  const reader = { gaps: 0, states: 0, events: 0, reason: "" };
  kit.connect().subscribe(room, {
    snapshot: () => void reader.states++,
    message: () => void reader.events++,
    onGap: () => void reader.gaps++,
    onClose: (reason) => void (reader.reason = reason),
  });
  for (let count = 0; count < 15_000 / PACE; count++) {
    if (count % LATENCY === 0) kit.network.resume();
    await kit.hub.publish(room, "message", { text });
    await kit.clock.advance(PACE);
    kit.network.stall();
  }
  kit.network.resume();
  await kit.clock.advance(1_000);
  const result = { ...reader };
  await kit[Symbol.asyncDispose]();
  return result;
}

test("where retention keeps less than the overlap, a client reads on after one state", async () => {
  const without = await readInTightLog(0);
  const reader = await readInTightLog(2_000);
  expect([without.gaps, without.states, without.reason]).toEqual([0, 1, ""]);
  expect([reader.gaps, reader.states, reader.reason]).toEqual([0, 1, ""]);
  expect(reader.events).toBeGreaterThanOrEqual(without.events);
});
