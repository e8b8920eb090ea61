import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../temporary-folder.ts";
import { compile } from "../compile.ts";
import type * as lawsModule from "./laws.ts";
import { mutants } from "./mutants.ts";

const ENTRY = fileURLToPath(new URL("laws.ts", import.meta.url));
const LIST = fileURLToPath(new URL("mutants.ts", import.meta.url));

/** The laws, with a client that a mutant has broken; null: with the client as it is. */
async function lawsWith(index: number | null): Promise<(typeof lawsModule)["laws"]> {
  const outfile = join(await temporaryFolder(), "laws.mjs");
  const mutation = index === null ? undefined : mutants[index]?.mutation;
  await compile({
    entry: ENTRY,
    outfile,
    mutant: mutation && index !== null ? { mutation, list: LIST, index } : null,
  });
  const copy = (await import(pathToFileURL(outfile).href)) as typeof lawsModule;
  return copy.laws;
}

test("a client that is not broken keeps the laws", async () => {
  const laws = Object.values(await lawsWith(null));
  expect((await Promise.all(laws.map((law) => law()))).flat()).toEqual([]);
});

for (const [index, { law, breaks }] of mutants.entries()) {
  test(`${law}: a client that ${breaks} breaks it`, async () => {
    const laws = await lawsWith(index);
    expect(await laws[law]()).not.toEqual([]);
  });
}
