import { readFile } from "node:fs/promises";
import { describeWire, laws } from "@tidings/testing/wire";
import { describe, expect, test } from "vitest";
import { openBehind } from "./wire/house.ts";
import { servers } from "./wire/servers.ts";

for (const { name, http, serve } of servers) {
  describeWire(name, { open: openBehind(serve), facts: { http } }, { describe, test });
}

/** Text as it is read, whatever lines it stands on. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

test("every law quotes a sentence of its section, and no section is without one", async () => {
  const protocol = await readFile(new URL("../PROTOCOL.md", import.meta.url), "utf8");
  const sections = new Map(
    protocol
      .split(/^##+ (?=\d)/m)
      .slice(1)
      .map((text) => [/^[\d.]+\d|\d/.exec(text)?.[0] ?? "", flat(text)] as const),
  );
  for (const { section, says } of laws) expect(sections.get(section), `section ${section}`).toContain(flat(says));
  const told = new Set(laws.map(({ section }) => section));
  // Words, the client's part and the example are no promises of a server, and it may have tickets or not; 5 is its subsections.
  expect([...sections.keys()].filter((section) => !told.has(section))).toEqual(["1", "4.1", "5", "9", "10"]);
});
