// The oldest browsers in which the client and the hooks run. MDN's tables say since when a browser has what they use,
// and esbuild has to find nothing to translate for these browsers.
import { createRequire } from "node:module";
import { join } from "node:path";
import type { CompatData, Identifier } from "@mdn/browser-compat-data/types";
import ts from "typescript-5";
import { expect, test, vi } from "vitest";
import { bundle } from "../../packages/client/test/node/bundle.ts";
import { platformNames, type PlatformName } from "./platform-names.ts";

vi.setConfig({ testTimeout: 120_000 });

/** What README.md of the client states. */
const OLDEST = { chrome: 100, edge: 100, firefox: 97, safari: 15.4, safari_ios: 15.4 } as const;
type Browser = keyof typeof OLDEST;

// 20 MB of JSON: `require` reads it faster than an import of the test runner.
const { api, javascript } = createRequire(import.meta.url)("@mdn/browser-compat-data") as CompatData;
const builtins = javascript["builtins"] as Identifier;

/** Interfaces whose members MDN lists under another name. */
const ALIASES: Readonly<Record<string, string>> = {
  Body: "Response",
  Console: "console",
  PromiseLike: "Promise",
  ReadableStreamGenericReader: "ReadableStreamDefaultReader",
  Uint8Array: "TypedArray",
};

/** MDN's entry of a name. */
function entryOf({ owner, member }: PlatformName): Identifier | undefined {
  const interfaceName = ALIASES[owner] ?? owner.replace(/^Readonly(?=Array|Map|Set)|(?<=.)Constructor$/g, "");
  if (member === null) {
    return builtins[owner] ?? api[owner] ?? api["Window"]?.[owner];
  }
  const members = builtins[interfaceName] ?? api[interfaceName];
  // MDN has no entry for it: it is as old as its owner.
  if (member === "prototype") {
    return members;
  }
  return members?.[member] ?? members?.[`${member}_static`] ?? api["EventTarget"]?.[member];
}

/** The first version of a browser that has it without a setting or a prefix. */
function firstVersion(entry: Identifier | undefined, browser: Browser): number {
  const statements = [entry?.__compat?.support[browser]].flat();
  const whole = statements.find((each) => each && !each.flags && !each.prefix && !each.alternative_name);
  const version = String(whole?.version_added).replace("≤", "");
  // NaN for "preview" and for what is not there.
  return Number(version);
}

/** What a page imports. */
const pageEntries = [
  "client/src/index",
  "client/src/tabs",
  "client/src/presence",
  "contract/src/index",
  "contract/src/codecs",
  "contract/src/presence",
  "react/src/index",
];
const entries = pageEntries.map((name) => join(import.meta.dirname, `../../packages/${name}.ts`));
const names = platformNames(entries, {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ["@tidings/source"],
  allowImportingTsExtensions: true,
  noEmit: true,
  types: [],
});
const label = ({ owner, member }: PlatformName): string => (member === null ? owner : `${owner}.${member}`);

test("MDN knows every name that the client and the hooks use", () => {
  expect(names.map(label)).toContain("ObjectConstructor.hasOwn");
  expect(names.filter((name) => entryOf(name) === undefined).map(label)).toEqual([]);
});

test.for(Object.entries(OLDEST) as [Browser, number][])("%s %d has every one of these names", ([browser, oldest]) => {
  const tooNew = names.filter((name) => !(firstVersion(entryOf(name), browser) <= oldest));
  expect(tooNew.map((name) => `${label(name)} since ${firstVersion(entryOf(name), browser)}`)).toEqual([]);
});

test("no older browser has all of them: the stated versions are the oldest ones", () => {
  for (const [browser, oldest] of Object.entries(OLDEST) as [Browser, number][]) {
    expect(Math.max(...names.map((name) => firstVersion(entryOf(name), browser))), browser).toBe(oldest);
  }
});

test("these browsers know the syntax: there is nothing to translate for them", async () => {
  const source = pageEntries.map((name) => `export * from "../../../${name}.ts";`).join("\n");
  const target = ["chrome100", "edge100", "firefox97", "safari15.4"];
  const external = ["zod", "zod/*", "react"];
  const untranslated = await bundle(source, external, ["esnext"]);
  expect(await bundle(source, external, target)).toBe(untranslated);
  // An older one does not.
  expect(await bundle(source, external, ["chrome80"])).not.toBe(untranslated);
});
