// The names that fragments use and do not declare: the modules in given/ give them, or the fragments before.
import { dirname, relative } from "node:path";
import { fragments } from "./fragments.ts";

/** A module whose exports a fragment may use without an import. */
export interface Source {
  /** From the root of the repository. */
  readonly path: string;
  readonly code: string;
}

const DECLARATION = /^(export )?(?:\w+ )?(const|let|using|function|class|interface|type) (\{[^}]*\}|\[[^\]]*\]|\w+)/gm;
const EXPORT_LIST = /^export (type )?\{([^}]*)\}/gm;
const IMPORT = /^import (?:type )?([^"]+) from /gm;

/** The names of a list or a pattern: `{ a, type B, c: d = 1, e as f }` has a, B, d and f. */
const namesIn = (list: string): string[] =>
  list
    .replaceAll(/[{}[\]]/g, "")
    .split(",")
    .map((part) => /(\w+)\s*$/.exec(part.replace(/=.*/s, ""))?.[1] ?? "")
    .filter((name) => name !== "");

/** The names that a module declares or imports. */
const declaredBy = (code: string): string[] => [
  ...Array.from(code.matchAll(DECLARATION), ([, , , names = ""]) => namesIn(names)).flat(),
  ...Array.from(code.matchAll(IMPORT), ([, names = ""]) => namesIn(names)).flat(),
];

/** The names that a module exports. Of each, whether it is only a type. */
function exportedBy(code: string): Map<string, boolean> {
  const exported = new Map<string, boolean>();
  const add = (name: string, isType: boolean) => exported.set(name, isType && exported.get(name) !== false);
  for (const [, isExported, kind, names = ""] of code.matchAll(DECLARATION)) {
    if (isExported === undefined) continue;
    for (const name of namesIn(names)) add(name, kind === "type" || kind === "interface");
  }
  for (const [, isType, list = ""] of code.matchAll(EXPORT_LIST)) {
    for (const part of list.split(",")) {
      for (const name of namesIn(part)) add(name, isType !== undefined || /^\s*type\s/.test(part));
    }
  }
  return exported;
}

const modules = import.meta.glob<string>("./given/*.ts", { eager: true, query: "?raw", import: "default" });
const given: readonly Source[] = Object.entries(modules).map(([path, code]) => ({
  path: `docs/${path.slice(2)}`,
  code,
}));

/** What is given to all documents. */
const ALL = "docs/given/chat.ts";
/** What is given to one: `docs/given/guides-react.ts` to `docs/guides/react.md`. */
const pathFor = (document: string): string =>
  `docs/given/${document
    .replace(/^docs\//, "")
    .replace(/(\/README)?\.md$/, "")
    .replaceAll("/", "-")}.ts`;

/** What is given to a document. If a name comes twice, the later one counts. */
export const givenTo = (document: string): readonly Source[] =>
  [ALL, pathFor(document)].flatMap((path) => given.filter((source) => source.path === path));

/** What is given and no fragment has in its text. */
export const unusedNames = (): string[] =>
  given.flatMap(({ path, code }) => {
    const texts = fragments.filter(({ document }) => path === ALL || path === pathFor(document));
    const names = [...exportedBy(code).keys()];
    return names
      .filter((name) => !texts.some((fragment) => new RegExp(`\\b${name}\\b`).test(fragment.code)))
      .map((name) => `${path}: ${name}`);
  });

/** How a module at a path names another one. */
export const specifier = (from: string, to: string): string => {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
};

/** Imports of the names that the code of a module does not declare itself: a name may be used, or not. */
export function importsFor(path: string, code: string, sources: readonly Source[]): string {
  const known = new Set(declaredBy(code));
  let imports = "";
  for (const source of sources.toReversed()) {
    const names = [...exportedBy(source.code)].filter(([name]) => !known.has(name));
    const list = names.map(([name, isType]) => (isType ? `type ${name}` : name));
    imports += `import { ${list.join(", ")} } from "${specifier(path, source.path)}";\n`;
    for (const [name] of names) known.add(name);
  }
  return imports;
}
