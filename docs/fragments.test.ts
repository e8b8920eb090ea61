import { beforeAll, expect, test } from "vitest";
import { documents } from "./documents.ts";
import { compileFragments, type CompileError } from "./fragment-program.ts";
import { fragments, parts } from "./fragments.ts";
import { unusedNames } from "./given.ts";

let errors: readonly CompileError[];
beforeAll(async () => {
  errors = await compileFragments();
}, 120_000);

/** The errors that comments of a document expect: `// error: …` stands in the line before. */
const expectedIn = (document: string): CompileError[] =>
  fragments
    .filter((fragment) => fragment.document === document)
    .flatMap(({ line, code }) =>
      code.split("\n").flatMap((text, index) => {
        const expected = /^ *\/\/ error: (.+)$/.exec(text)?.[1];
        return expected === undefined ? [] : [{ file: document, line: line + index + 1, text: expected }];
      }),
    );

const isSame = (found: CompileError, expected: CompileError): boolean =>
  found.line === expected.line && found.text.startsWith(expected.text);
const print = ({ file, line, text }: CompileError): string => `${file}:${line}: ${text}`;

const names = new Set(fragments.map(({ document }) => document));
test.for([...names])("every fragment of %s compiles, or has the error that it shows", (document) => {
  const found = errors.filter(({ file }) => file === document);
  const expected = expectedIn(document);
  expect(found.filter((error) => !expected.some((each) => isSame(error, each))).map(print)).toEqual([]);
  expect(expected.filter((error) => !found.some((each) => isSame(each, error))).map(print)).toEqual([]);
});

test("what is given to the fragments compiles, too", () => {
  expect(errors.filter(({ file }) => !names.has(file)).map(print)).toEqual([]);
});

test("what is given is used", () => {
  expect(unusedNames()).toEqual([]);
});

test("TypeScript is marked as ts or tsx, so that no fragment is left out", () => {
  const marks = Object.values(documents).flatMap((text) => text.match(/^ *```.*(?:ts|typescript).*$/gim) ?? []);
  expect(new Set(marks.map((mark) => mark.trim()))).toEqual(new Set(["```ts", "```tsx"]));
  expect(marks).toHaveLength(fragments.length + parts.length);
});
