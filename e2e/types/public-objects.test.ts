// What a package returns is checked against the interface that its users see. A cast would hide mistakes in it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { languageServer } from "./language-server.ts";
import { mistakesIn } from "./members-of.ts";

// The compiler needs seconds for the first file of a package, and more on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const root = join(import.meta.dirname, "../..");
let editor: Awaited<ReturnType<typeof languageServer>>;
beforeAll(async () => {
  editor = await languageServer(join(root, "tsconfig.base.json"));
});
afterAll(() => editor.close());

test.each([
  ["the client", "client/src/create-client.ts", "createClient"],
  ["the people that a client sees", "client/src/presence/create-presence.ts", "createPresence"],
  ["the hub", "server/src/hub.ts", "hubOf"],
  ["the tickets", "server/src/tickets.ts", "createTickets"],
  ["presence on the server", "server/src/presence/create-presence.ts", "createPresence"],
  ["a writer", "server/src/lease/writers.ts", "writerOf"],
  ["the log in memory", "log/src/memory-log.ts", "MemoryLog"],
  ["the log of an engine", "log/src/engine/compose-log.ts", "ComposedLog"],
  ["the hooks", "react/src/create-hooks.ts", "createHooks"],
  ["the test kit", "testing/src/test-kit.ts", "kitOf"],
])("every mistake in a member of %s does not compile", async (_what, path, name) => {
  const file = join(root, "packages", path);
  const original = readFileSync(file, "utf8");
  const compiled: string[] = [];
  await editor.type(file, original);
  expect(await editor.errors(file)).toEqual([]);
  const mistakes = mistakesIn(original, name);
  expect(mistakes.length).toBeGreaterThan(0);
  for (const { what, text } of mistakes) {
    await editor.type(file, text);
    if ((await editor.errors(file)).length === 0) compiled.push(what);
  }
  await editor.type(file, original);
  expect(compiled).toEqual([]);
});
