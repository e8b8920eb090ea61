import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const documents = import.meta.glob<string>(["../**/*.md", "!**/{node_modules,dist,coverage,data}/**"], {
  eager: true,
  query: "?raw",
  import: "default",
});
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
