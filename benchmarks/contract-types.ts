// What the types of a contract cost the compiler: 100 channels with 10 events each. Each event has its own schema, and
// there is one call and one publish for every channel. The baseline is the same 1,000 schemas without a contract.
//
//   npx tsx benchmarks/contract-types.ts
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const CHANNELS = 100;
const EVENTS = 10;
const RUNS = 5;
const BUDGET_MS = 1_000;

const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

const schemas = indices(CHANNELS).flatMap((channel) =>
  indices(EVENTS).map((event) => {
    const fields = `text${channel}: z.string(), n${event}: z.number(), at: isoDate, tags: z.array(z.string())`;
    return `const S${channel}_${event} = z.object({ ${fields} });`;
  }),
);

const channels = indices(CHANNELS).map((channel) => {
  const events = indices(EVENTS).map((event) => `e${event}: ${eventDefinition(event, `S${channel}_${event}`)}`);
  const snapshot = channel % 2 === 0 ? `, { snapshot: z.array(S${channel}_0) }` : "";
  return `  c${channel}: channel("c${channel}/:id/x/:other", { ${events.join(", ")} }${snapshot}),`;
});

const uses = indices(CHANNELS).map((channel) => {
  const event = channel % EVENTS;
  const address = `site.c${channel}({ id: "1", other: "2" })`;
  const data = `{ text${channel}: "", n${event}: 1, at: new Date(), tags: [] }`;
  return `publish(site, ${address}, "e${event}", ${data});`;
});

const schemasAlone = [
  'import { z } from "zod";',
  'import { isoDate } from "@tidings/contract/codecs";',
  ...schemas,
].join("\n");
const withContract = [
  'import { z } from "zod";',
  'import { channel, defineContract, latest, volatile } from "@tidings/contract";',
  'import { isoDate } from "@tidings/contract/codecs";',
  'import type { AddressOf, ChannelName, Contract, EventData, EventType } from "@tidings/contract";',
  ...schemas,
  "const site = defineContract({",
  ...channels,
  "});",
  "declare function publish<C extends Contract, Name extends ChannelName<C>, Type extends EventType<C, Name>>(",
  "  contract: C, address: AddressOf<C, Name>, type: Type, data: EventData<C, Name, Type>): void;",
  ...uses,
].join("\n");

const baseline = fastestCompilation(schemasAlone);
const total = fastestCompilation(withContract);
const cost = total - baseline;
console.log(`${CHANNELS} channels x ${EVENTS} events, fastest of ${RUNS} runs of tsc, whole process:`);
console.log(`  1,000 schemas alone      ${baseline.toFixed(0)} ms`);
console.log(`  with contract and calls  ${total.toFixed(0)} ms`);
console.log(`  the contract costs       ${cost.toFixed(0)} ms (budget ${BUDGET_MS} ms)`);
if (cost > BUDGET_MS) process.exitCode = 1;

/**
 * Returns the milliseconds of the fastest compilation: other work on the machine can only make a compilation slower.
 */
function fastestCompilation(source: string): number {
  // The folder is beside this file, so the imports resolve as they do for a user.
  const folder = mkdtempSync(join(import.meta.dirname, ".contract-types-"));
  try {
    writeFileSync(join(folder, "site.ts"), source);
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions: { types: [] }, include: ["site.ts"] }),
    );
    const times = indices(RUNS).map(() => {
      const start = performance.now();
      const { status, stdout } = spawnSync(process.execPath, [compiler, "--project", folder], { encoding: "utf8" });
      if (status !== 0) throw new Error(`Expected the generated code to compile, got:\n${stdout.slice(0, 2_000)}`);
      return performance.now() - start;
    });
    return Math.min(...times);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One event of a channel is `latest`, one is `volatile`, and the others are reliable. */
function eventDefinition(event: number, schema: string): string {
  if (event === 8) return `latest(${schema}, { key: (data) => data.tags.join() })`;
  if (event === 9) return `volatile(${schema})`;
  return schema;
}

function indices(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
