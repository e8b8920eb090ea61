// What a contract costs a browser: minified and compressed, with its schemas in zod/mini. It fails if the bundle
// contains the server's half of the package, or if our part exceeds its budget.
//
//   npx tsx benchmarks/contract-bundle.ts
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

/** The most gzip bytes of our part in a browser's contract. */
const BUDGET = 1_000;
/** The most gzip bytes of a contract with dates, including zod. The README of the package has this number. */
const BUDGET_WITH_ZOD = 6_000;

/** A text that only the server's half contains: it is in an error message of wire-schema.ts. */
const SERVER_ONLY = "which JSON cannot carry";

interface Esbuild {
  build(options: object): Promise<{ outputFiles: { contents: Uint8Array; text: string }[] }>;
}
// The workspace builds with tsup, and tsup brings the bundler. Safe: only the `build` method above is used.
const require = createRequire(createRequire(import.meta.url).resolve("tsup"));
const esbuild = require("esbuild") as Esbuild;

async function bundle(source: string): Promise<{ bytes: number; text: string }> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    write: false,
    conditions: ["@tidings/source"],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("Expected one file from the bundler, got none.");
  return { bytes: gzipSync(file.contents, { level: 9 }).length, text: file.text };
}

const zodAlone = await bundle(`
  import * as z from "zod/mini";
  const isoDate = z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  });
  export const Message = z.object({ text: z.string(), sentAt: isoDate });
  export const read = (value) => z.safeParse(Message, value);`);
const contract = await bundle(`
  import * as z from "zod/mini";
  import { channel, decode, defineContract } from "@tidings/contract";
  import { isoDate } from "@tidings/contract/codecs";
  export const Message = z.object({ text: z.string(), sentAt: isoDate });
  export const chat = defineContract({ room: channel("rooms/:roomId", { message: Message }) });
  export const read = (value) => decode(Message, value, "room.message");`);
const plain = await bundle(`
  import * as z from "zod/mini";
  export const Message = z.object({ text: z.string() });
  export const read = (value) => z.safeParse(Message, value);`);
const plainContract = await bundle(`
  import * as z from "zod/mini";
  import { channel, decode, defineContract } from "@tidings/contract";
  export const Message = z.object({ text: z.string() });
  export const chat = defineContract({ room: channel("rooms/:roomId", { message: Message }) });
  export const read = (value) => decode(Message, value, "room.message");`);
const whole = await bundle(
  ["", "/check", "/codecs", "/encoder"].map((entry) => `export * from "@tidings/contract${entry}";`).join(""),
);

console.log("Gzip bytes of a browser bundle with zod/mini:");
console.log(`  zod alone                             ${plain.bytes}`);
console.log(`  zod alone, with its own date codec    ${zodAlone.bytes}`);
console.log(
  `  contract without a codec              ${plainContract.bytes} (ours: ${plainContract.bytes - plain.bytes})`,
);
console.log(
  `  contract with isoDate                 ${contract.bytes} (${contract.bytes - plainContract.bytes} for isoDate)`,
);
console.log(`  everything, with the server's half    ${whole.bytes}`);

if (!whole.text.includes(SERVER_ONLY)) {
  throw new Error(
    `Expected "${SERVER_ONLY}" in the whole package, got none; choose another text of the server's half.`,
  );
}
for (const [name, { text }] of Object.entries({ contract, plainContract })) {
  if (text.includes(SERVER_ONLY)) {
    throw new Error(`Expected the bundle of "${name}" without the server's half, got createEncoder in it.`);
  }
}
for (const codec of ["datetime", "bigint"]) {
  if (plainContract.text.includes(`format:"${codec}"`)) {
    throw new Error(`Expected a bundle without unused codecs, got ${codec} in it.`);
  }
}
const ours = plainContract.bytes - plain.bytes;
if (ours > BUDGET) {
  throw new Error(`Expected at most ${BUDGET} bytes for our part, got ${ours}.`);
}
if (contract.bytes > BUDGET_WITH_ZOD) {
  throw new Error(`Expected at most ${BUDGET_WITH_ZOD} bytes with zod, got ${contract.bytes}.`);
}
