import { expect, test } from "vitest";
import { documents } from "./documents.ts";
import { parts } from "./fragments.ts";

const sources = import.meta.glob<string>(
  [
    "../examples/auction/*.{ts,tsx}",
    "../e2e/react/page/*.{ts,tsx}",
    "!**/{stress.tsx,edited.tsx,polling.ts,causes.ts}",
    "../e2e/consumer/jest/*.{config.cjs,test.mjs}",
    "../examples/banner.ts",
    "../examples/please-reload.ts",
    "../examples/own-log{,.test}.ts",
    "../examples/webhooks/*.ts",
    "../examples/note.ts",
    "../e2e/publish-in-postgres.test.ts",
  ],
  { eager: true, query: "?raw", import: "default" },
);
const sourcesAt = (start: string) => Object.entries(sources).filter(([path]) => path.startsWith(start));
const shownBy = (guide: string, start: string) =>
  sourcesAt(start).map(([path, source]) => [guide, path.split("/").at(-1), source] as const);

// The tests in a browser and the check of packed packages run these files, so they run what a guide shows.
const shown = [
  ...shownBy("react", "../e2e/react/page/"),
  ...shownBy("commonjs", "../e2e/consumer/jest/"),
  ...shownBy("status", "../examples/banner.ts"),
  ...shownBy("changing-a-contract", "../examples/please-reload.ts"),
  ...shownBy("own-log", "../examples/own-log"),
];
test.for(shown)("the guide %s.md shows %s as it is", ([guide, name, source]) => {
  expect(documents[`./guides/${guide}.md`]).toContain(`\n// ${name}\n${source.trimEnd()}\n\`\`\`\n`);
});

// A part of a file is compared without its indentation.
const unindented = (text: string) => text.replaceAll(/^ +/gm, "");
test.for(parts)("$document:$line shows a part of $name as it is", ({ name, code }) => {
  const source = Object.entries(sources).find(([path]) => path.endsWith(`/${name}`));
  expect(unindented(source?.[1] ?? "")).toContain(unindented(code));
});

test("the auction has at most 250 lines of TypeScript, as the document of the examples says", () => {
  const lines = sourcesAt("../examples/auction/").flatMap(([, source]) => source.trimEnd().split("\n"));
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.length).toBeLessThanOrEqual(250);
});

/** The packages that a user installs before the code of a document can run. */
const installedBy = (text: string) =>
  new Set(
    Array.from(text.matchAll(/^npm i .*/gm))
      .join(" ")
      .split(/\s+/),
  );
const withInstallation = Object.entries(documents).filter(([, text]) => /^npm i @tidings/m.test(text));

test.for(withInstallation)("who installs as %s says has every package that its code imports", ([, text]) => {
  const names = Array.from(text.matchAll(/^import .* from "(@tidings\/[a-z-]+|zod)/gm), ([, name = ""]) => name);
  const installed = installedBy(text);
  expect(names.filter((name) => !installed.has(name))).toEqual([]);
});
