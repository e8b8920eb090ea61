import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { documents } from "./documents.ts";

/** The repository on the web. npm shows a package's README without the files around it, so it links to them there. */
const ON_THE_WEB = /^https:\/\/github\.com\/tidings-dev\/tidings\/(?:blob|tree)\/main\//;

test.for(Object.entries(documents))("every link of %s to a file of the repository leads to one", ([path, text]) => {
  const links = Array.from(text.matchAll(/\]\(([^)#\s]+)/g), ([, link = ""]) => link);
  const onTheWeb = links
    .filter((link) => ON_THE_WEB.test(link))
    .map((link) => join("..", link.replace(ON_THE_WEB, "")));
  const relative = links.filter((link) => !/^[a-z]+:/i.test(link)).map((link) => join(dirname(path), link));
  const missing = [...onTheWeb, ...relative].filter((target) => !existsSync(join(import.meta.dirname, target)));
  expect(missing).toEqual([]);
  // npm cannot follow a relative link out of a package.
  if (path.startsWith("../packages/")) expect(links.filter((link) => link.startsWith("../"))).toEqual([]);
});

/** A link to a file of tests, and the titles after it: `[name](path) "title …", "… other title"`. */
const LINK_WITH_TITLES = /\]\((?<file>[^)\s]+\.ts)\)(?<titles>(?:(?:,|: the story)? "[^"]+")+)/g;

test.each([
  ["../SECURITY.md", 30],
  ["./reliability.md", 50],
])("every test that %s names by its title exists in the file beside it", (path, least) => {
  const named = Array.from(
    (documents[path] ?? "").replaceAll(/\s+/g, " ").matchAll(LINK_WITH_TITLES),
    ({ groups }) => ({
      file: groups?.["file"] ?? "",
      titles: Array.from(groups?.["titles"]?.matchAll(/"([^"]+)"/g) ?? [], ([, title = ""]) => title),
    }),
  );
  expect(named.length).toBeGreaterThan(least);
  const missing = named.flatMap(({ file, titles }) => {
    const source = readFileSync(join(import.meta.dirname, dirname(path), file), "utf8");
    // An ellipsis stands for a part that is left out, for example for a parameter.
    return titles.filter((title) => title.split("…").some((part) => !source.includes(part.trim())));
  });
  expect(missing).toEqual([]);
});

const manifests = import.meta.glob<object>(
  ["../package.json", "../{packages/*,apps/*,benchmarks,docs,e2e,examples}/package.json"],
  { eager: true, import: "default" },
);

test.for(Object.entries(manifests))(
  "%s says where its folder is on the web, and where bugs are reported",
  ([path, manifest]) => {
    const web = "https://github.com/tidings-dev/tidings";
    const folder = join("docs", dirname(path));
    const directory = folder === "." ? "" : folder;
    expect(manifest).toMatchObject({
      keywords: expect.arrayContaining(["tidings"]),
      homepage: expect.stringMatching(`^${web}${directory && `/tree/main/${directory}`}(#readme)?$`),
      bugs: { url: `${web}/issues` },
      repository: { url: `git+${web}.git`, ...(directory !== "" && { directory }) },
    });
  },
);
