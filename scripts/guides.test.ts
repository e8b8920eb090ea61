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

test("the guide to CommonJS shows the files that the check of packed packages runs", () => {
  const guide = import.meta.glob<string>("../docs/guides/commonjs.md", {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const files = import.meta.glob<string>("../e2e/consumer/jest/*.{config.cjs,test.mjs}", {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const shown = Object.entries(files).map(
    ([path, text]) => `\n// ${path.split("/").at(-1)}\n${text.trimEnd()}\n\`\`\`\n`,
  );
  expect(shown.length).toBe(3);
  for (const text of shown) {
    expect(Object.values(guide).join("\n")).toContain(text);
  }
});

test("the auction has at most 250 lines of TypeScript, as the document of the examples says", () => {
  const auction = import.meta.glob<string>("../examples/auction/*.{ts,tsx}", {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const lines = Object.values(auction).flatMap((source) => source.trimEnd().split("\n"));
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.length).toBeLessThanOrEqual(250);
});

test("the guide to status and errors shows the banner of the examples", () => {
  const [guide] = Object.values(
    import.meta.glob<string>("../docs/guides/status.md", { eager: true, query: "?raw", import: "default" }),
  );
  const [banner] = Object.values(
    import.meta.glob<string>("../examples/banner.ts", { eager: true, query: "?raw", import: "default" }),
  );
  expect(guide).toContain(`\n// banner.ts\n${banner?.trimEnd()}\n\`\`\`\n`);
});
