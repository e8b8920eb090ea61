import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { expect, test } from "vitest";
import { root } from "./workspace.mjs";

const SKIPPED = new Set(["node_modules", "dist", "coverage", "data"]);

/** The repository on the web. npm shows a package's README without the files around it, so it links to them there. */
const ON_THE_WEB = /^https:\/\/github\.com\/tidings-dev\/tidings\/(?:blob|tree)\/main\//;

/** The Markdown files of a folder and below, hidden ones aside. */
function documentsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") || SKIPPED.has(entry.name) ? [] : documentsIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

/** The files and folders of the repository that a document links to, relative to the root. */
function linkedFrom(document: string): string[] {
  const links = Array.from(readFileSync(document, "utf8").matchAll(/\]\(([^)#\s]+)/g), ([, link = ""]) => link);
  return links.flatMap((link) => {
    if (ON_THE_WEB.test(link)) return [link.replace(ON_THE_WEB, "")];
    return /^[a-z]+:/i.test(link) ? [] : [relative(root, join(dirname(document), link))];
  });
}

const documents = documentsIn(root).map((path) => [relative(root, path), path] as const);

test.for(documents)("every link of %s to a file of the repository leads to one", ([, path]) => {
  expect(linkedFrom(path).filter((target) => !existsSync(join(root, target)))).toEqual([]);
});

test.for(documents.filter(([name]) => name.startsWith(`packages${sep}`)))(
  "%s has no relative link out of its package, which npm could not follow",
  ([, path]) => {
    const links = Array.from(readFileSync(path, "utf8").matchAll(/\]\((\.\.\/[^)\s]*)/g), ([, link = ""]) => link);
    expect(links).toEqual([]);
  },
);
