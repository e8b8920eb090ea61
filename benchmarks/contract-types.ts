// What the types of a contract cost the compiler: 100 channels x 10 events, each event with its own schema, every channel
// called and published to once. "Without" is the same 1,000 schemas with nothing around them.
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
  indices(EVENTS).map(
    (event) =>
      `const S${channel}_${event} = z.object({ text${channel}: z.string(), n${event}: z.number(), at: isoDate, tags: z.array(z.string()) });`,
  ),
);

const channels = indices(CHANNELS).map((channel) => {
  const events = indices(EVENTS).map((event) => {
    const schema = `S${channel}_${event}`;
    return `e${event}: ${event === 8 ? `latest(${schema}, { key: (data) => data.tags.join() })` : event === 9 ? `volatile(${schema})` : schema}`;
  });
  const snapshot = channel % 2 === 0 ? `, { snapshot: z.array(S${channel}_0) }` : "";
  return `  c${channel}: channel("c${channel}/:id/x/:other", { ${events.join(", ")} }${snapshot}),`;
});

const uses = indices(CHANNELS).map((channel) => {
  const event = channel % EVENTS;
  return `publish(site, site.c${channel}({ id: "1", other: "2" }), "e${event}", { text${channel}: "", n${event}: 1, at: new Date(), tags: [] });`;
});

const without = ['import { z } from "zod";', 'import { isoDate } from "@tidings/contract/codecs";', ...schemas].join(
  "\n",
);
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

const before = fastest(without);
const after = fastest(withContract);
const cost = after - before;
console.log(`${CHANNELS} channels x ${EVENTS} events, fastest of ${RUNS} runs of tsc, whole process:`);
console.log(`  1,000 schemas alone      ${before.toFixed(0)} ms`);
console.log(`  with contract and calls  ${after.toFixed(0)} ms`);
console.log(`  the contract costs       ${cost.toFixed(0)} ms (budget ${BUDGET_MS} ms)`);
if (cost > BUDGET_MS) process.exitCode = 1;

/** Milliseconds of one compilation; the fastest, because whatever else the machine does can only make it slower. */
function fastest(source: string): number {
  // Beside this file, so that the imports resolve as they do for a user.
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

function indices(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
