/**
 * What one event costs a client with 1 subscription, and with 1,000 subscriptions to other addresses. Both are measured
 * in one run and take turns, and the result is a ratio.
 *
 *   npx tsx --conditions @tidings/source benchmarks/client-dispatch.ts
 */
import { createDispatchStage, fastestOf } from "../packages/client/test/dispatch-stage.ts";

/** With 1,000 subscriptions, an event may cost this many times as much as with 1. */
const MAX_RATIO = 1.3;

const stages = await Promise.all([1, 1_000].map((count) => createDispatchStage(count)));
const [alone = 0, among = 0] = await fastestOf(stages, { rounds: 21, events: 5_000 });
for (const stage of stages) stage.close();

const ratio = among / alone;
console.log(`one event with 1 subscription:       ${alone.toFixed(2)} µs`);
console.log(`one event with 1,000 subscriptions:  ${among.toFixed(2)} µs`);
console.log(`ratio ${ratio.toFixed(2)} (at most ${MAX_RATIO})`);
process.exitCode = ratio <= MAX_RATIO ? 0 : 1;
