import { VirtualClock } from "@tidings/testing";
import { expect, test } from "vitest";
import type { Chunk } from "../run.ts";
import { ChunkBatches } from "./chunk-batches.ts";

/** Batches, and a log that takes 10 ms for each. */
function start(publishTime = 10) {
  const clock = new VirtualClock();
  const sent: { readonly at: number; readonly types: string }[] = [];
  const failures: unknown[] = [];
  const refusal: { error: Error | null } = { error: null };
  const batches = new ChunkBatches({
    clock,
    publish: async (chunks) => {
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, publishTime));
      if (refusal.error !== null) throw refusal.error;
      sent.push({ at: clock.time, types: chunks.map(({ type }) => type).join("") });
    },
    onFailure: (error) => failures.push(error),
  });
  return { clock, sent, failures, refusal, batches };
}

const chunk = (type: string): Chunk => ({ type });

test("a chunk that comes alone is sent at once, and those of the next 50 ms together", async () => {
  const { clock, sent, batches } = start();
  await batches.add(chunk("a"));
  await clock.advance(11);
  for (const type of ["b", "c", "d"]) {
    await batches.add(chunk(type));
    await clock.advance(5);
  }
  await clock.advance(200);
  await batches.add(chunk("e"));
  await clock.advance(11);
  expect(sent).toEqual([
    { at: 10, types: "a" },
    { at: 60, types: "bcd" },
    { at: 236, types: "e" },
  ]);
});

test("no batch is so large that the hub refuses it by default, and the order stays", async () => {
  const { clock, sent, batches } = start(0);
  const large = "x".repeat(9_000);
  const adding = (async () => {
    for (const type of ["a", "b", "c", "d"]) await batches.add({ type, text: large } as Chunk);
    await batches.flush();
  })();
  await clock.advance(1_000);
  await adding;
  expect(sent.map(({ types }) => types)).toEqual(["a", "b", "c", "d"]);
});

test("what the log refuses is told once; then nothing is published any more, and nothing is taken", async () => {
  const { clock, sent, failures, refusal, batches } = start();
  const error = new Error("The disk is full.");
  refusal.error = error;
  await batches.add(chunk("a"));
  await clock.advance(20);
  refusal.error = null;
  await expect(batches.add(chunk("b"))).rejects.toBe(error);
  await expect(batches.flush()).rejects.toBe(error);
  expect([sent, failures]).toEqual([[], [error]]);
});
