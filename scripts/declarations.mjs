// tsc rewrites `./x.ts` to `./x.js` in JavaScript, but not in declarations. Runs in a package's folder after tsc.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const specifier = /((?:\bfrom|\bimport) *\(? *"\.{1,2}\/[^"]*)\.ts"/g;

for (const file of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".d.ts")) continue;
  const path = join("dist", file);
  writeFileSync(path, readFileSync(path, "utf8").replace(specifier, '$1.js"'));
}
