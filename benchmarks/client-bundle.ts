// What each module of the client weighs in a browser: its minified bytes, and its share of the bundle without zod.
// `npm run sizes` compares the whole with the recorded size.
//
//   npx tsx benchmarks/client-bundle.ts
import { bundleByModule, gzipped } from "../packages/client/test/node/bundle.ts";

const { text, bytesByModule } = await bundleByModule(`export { createClient } from "@tidings/client";`, [
  "zod",
  "zod/*",
]);
const modules = [...bytesByModule].filter(([, bytes]) => bytes > 0).toSorted(([, one], [, other]) => other - one);

console.log(`The client without zod: ${text.length} bytes minified, ${gzipped(text)} bytes with gzip\n`);
console.log("| module | minified bytes | share |\n|---|---|---|");
for (const [path, bytes] of modules) {
  console.log(`| ${path} | ${bytes} | ${((100 * bytes) / text.length).toFixed(1)} % |`);
}
