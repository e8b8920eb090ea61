import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");

/** The members of a union of string literals. */
function codes(path: string, name: string): string[] {
  const union = new RegExp(`export type ${name} =([^;]+);`).exec(read(path))?.[1] ?? "";
  return Array.from(union.replaceAll(/\/\*.*?\*\//gs, "").matchAll(/"([a-z-]+)"/g), ([, code]) => code ?? "");
}

test.each([
  ["packages/client/src/stream-error.ts", "StreamErrorCode", "StreamError"],
  ["packages/contract/src/contract-error.ts", "ContractErrorCode", "ContractError"],
  ["packages/protocol/src/problem.ts", "ProblemCode", "Problems"],
])("docs/errors.md has exactly the codes of %s, each with cause and fix", (path, union, heading) => {
  const section =
    read("docs/errors.md")
      .split(/^## /m)
      .find((part) => part.startsWith(heading)) ?? "";
  const rows = Array.from(section.matchAll(/^\| `([a-z-]+)` \|([^|]+)\|([^|]+)\|/gm), ([, code, cause, fix]) => ({
    code,
    cause,
    fix,
  }));
  expect(rows.map(({ code }) => code)).toEqual(codes(path, union));
  for (const { code, cause = "", fix = "" } of rows) {
    expect(cause.trim().length, `cause of ${code}`).toBeGreaterThan(15);
    expect(fix.trim().length, `fix of ${code}`).toBeGreaterThan(15);
  }
});
