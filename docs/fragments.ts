import { join } from "node:path";
import { documents } from "./documents.ts";

/** TypeScript in a document. */
export interface Fragment {
  /** The path of the document from the root of the repository. */
  readonly document: string;
  /** Where the code begins in the document, counted from 1. */
  readonly line: number;
  readonly extension: "ts" | "tsx";
  /** Without the indent of its fence. */
  readonly code: string;
}

/** A fragment that says which file it is a part of. */
export interface Part extends Fragment {
  readonly name: string;
}

const FENCED = /^( *)```(tsx?)\n(.*?)^\1```$/gms;
const PART = /^\/\/ In (\S+)\n(.*)/s;

const all = Object.entries(documents).flatMap(([path, text]) =>
  Array.from(text.matchAll(FENCED), (match): Fragment => {
    const [, indent = "", extension, indented = ""] = match;
    const code = indented.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    const line = text.slice(0, match.index).split("\n").length + 1;
    return { document: join("docs", path), line, extension: extension === "tsx" ? "tsx" : "ts", code };
  }),
);

/** They are compiled where they are: samples.test.ts compares them with their files. */
export const parts: readonly Part[] = all.flatMap((fragment) => {
  const [match, name = "", code = ""] = PART.exec(fragment.code) ?? [];
  return match === undefined ? [] : [{ ...fragment, name, code }];
});

/** All others, in the order of their documents. */
export const fragments: readonly Fragment[] = all.filter(({ code }) => !PART.test(code));
