import { expect, test } from "vitest";

const guides = import.meta.glob<string>("../docs/guides/react.md", { eager: true, query: "?raw", import: "default" });
const sources = Object.entries(
  import.meta.glob<string>(["../e2e/react/page/*.{ts,tsx}", "!**/stress.tsx"], {
    eager: true,
    query: "?raw",
    import: "default",
  }),
);

// The tests in a browser run these files, so they run what the guide shows.
test.for(sources)("the guide to React shows %s as it is", ([path, source]) => {
  const name = path.replace("../e2e/react/page/", "");
  expect(Object.values(guides).join("\n")).toContain(`\n// ${name}\n${source.trimEnd()}\n\`\`\`\n`);
});
