// What each part of the client costs in a browser: the gzip bytes that the bundle loses if the part is left out of a
// copy of the sources. docs/decisions/bundle.md has the table; `npm run sizes` compares the whole.
//
//   npx tsx benchmarks/client-bundle.ts
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** A part of the client, and the change of the sources that removes it. The text `from` must occur once in the file. */
interface Part {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  /** The text before which the change ends. @default the end of `from` */
  readonly until?: string;
  /** The text that replaces everything from `from` to `until`. @default nothing */
  readonly to?: string;
}

const client = (file: string) => `packages/client/src/${file}.ts`;
const PARTS: readonly Part[] = [
  {
    name: "`for await` loops that are bounded and come back by pages",
    file: client("stream-client"),
    from: "events: (address: Address, settings",
    until: "async history(",
  },
  {
    name: "retries: `Retry-After`, jitter on top of the floor, a good minute, 401 asked once more",
    file: client("retry"),
    from: "const { reason, retryAfter = 0 } = ending;",
    until: "    },\n  };\n  return retry;",
    to: "return retry.base * (ending.reason.length + random());",
  },
  {
    name: "telling another version of the contract",
    file: client("stream-client"),
    from: "if (!position.handled && theirs",
    until: '} else if (event === "clear")',
  },
  {
    name: "the parser's fast path for ordinary streams",
    file: "packages/protocol/src/parser.ts",
    from: "if (bytes === 0 && readBlock()) continue;",
  },
  {
    name: "the parser's fast path for ordinary streams",
    file: "packages/protocol/src/parser.ts",
    from: "/** Reads the next line if it is complete",
    until: "/** Resets the fields and passes the event on",
  },
  {
    name: "one page for all subscriptions that begin in the same moment",
    file: client("page-loader"),
    from: "const { gathering } = context;",
    until: "\n}",
    to: "return fetchPage(context, { channels: new Map([[path, start]]), after, snapshot });",
  },
  {
    name: "`history`",
    file: client("stream-client"),
    from: "async history(",
    until: "close: () => stream.close",
  },
  {
    name: "`offline`, `online`, and a tab that is looked at again",
    file: client("network"),
    from: "isOnline: () => (globalThis",
    until: "};\n",
    to: "isOnline: () => true, subscribe: () => () => {},",
  },
  {
    name: "lists of channels that are too long for a query",
    file: "packages/protocol/src/request.ts",
    from: "if (queryOfGet.length <= maxQuery) return { query: queryOfGet };",
    until: "\n}",
    to: "return { query: queryOfGet };",
  },
  {
    name: "the reasons of refusals, and what they name",
    file: client("requests"),
    from: "if (response.status !== 200) throw await toRefusal(response);",
    to: 'if (response.status !== 200) throw failure("refused", "an answer", "none");',
  },
  {
    name: "gaps that are followed by another within a minute",
    file: client("subscription"),
    from: "const now = clock.now();\n    gaps = ",
    until: "context.trace(",
  },
];

interface Build {
  onLoad(options: { readonly filter: RegExp }, load: (file: { readonly path: string }) => Promise<object>): void;
}

interface Esbuild {
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}
// The workspace builds with tsup, and tsup brings the bundler. Safe: only the `build` method above is used.
const require = createRequire(createRequire(import.meta.url).resolve("tsup"));
const esbuild = require("esbuild") as Esbuild;
const ROOT = join(import.meta.dirname, "..");

async function bundle(without: readonly Part[]): Promise<string> {
  const setup = (build: Build) =>
    build.onLoad({ filter: /packages.*\.ts$/ }, async ({ path }) => ({
      contents: without.filter(({ file }) => path === join(ROOT, file)).reduce(leaveOut, await readFile(path, "utf8")),
      loader: "ts",
    }));
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export { createClient } from "@tidings/client";`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    external: ["zod", "zod/*"],
    conditions: ["@tidings/source"],
    plugins: [{ name: "parts", setup }],
  });
  return outputFiles[0]?.text ?? "";
}

function leaveOut(source: string, { name, file, from, until, to = "" }: Part): string {
  const start = source.indexOf(from);
  const end = until === undefined ? start + from.length : source.indexOf(until, start);
  const occursOnce = start !== -1 && !source.includes(from, start + 1);
  if (!occursOnce || end === -1) {
    throw new Error(`Expected the texts of the part "${name}" once in ${file}; adapt them to the source.`);
  }
  return source.slice(0, start) + to + source.slice(end);
}

const gzipBytes = (text: string) => gzipSync(text, { level: 9 }).length;

const whole = await bundle([]);
const bytes = gzipBytes(whole);
console.log(`The client without zod: ${bytes} bytes, gzipped\n\n| part | gzip bytes of the part |\n|---|---|`);
for (const name of new Set(PARTS.map((part) => part.name))) {
  const without = await bundle(PARTS.filter((part) => part.name === name));
  console.log(`| ${name} | ${bytes - gzipBytes(without)} |`);
}
// A text with a space between words is a sentence: names have no spaces.
const withoutSentences = whole.replaceAll(/"[^"\n]*"|`[^`]*`/g, (text) => (/\S \S/.test(text) ? '""' : text));
console.log(`| the sentences of errors and warnings | ${bytes - gzipBytes(withoutSentences)} |`);
console.log(`\nAll parts together, without the sentences: ${bytes - gzipBytes(await bundle(PARTS))} bytes`);
