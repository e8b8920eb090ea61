import { expect, test } from "vitest";
import { importCopy } from "../import-copy.ts";
import type * as lawsModule from "./laws.ts";
import { mutants } from "./mutants.ts";

const copied = { beside: import.meta.url, entry: "laws.ts", list: "mutants.ts", mutants };

test("a client that is not broken keeps the laws", async () => {
  const { laws } = await importCopy<typeof lawsModule>(copied, null);
  expect((await Promise.all(Object.values(laws).map((law) => law()))).flat()).toEqual([]);
});

for (const [index, { law, breaks }] of mutants.entries()) {
  test(`${law}: a client that ${breaks} breaks it`, async () => {
    const { laws } = await importCopy<typeof lawsModule>(copied, index);
    expect(await laws[law]()).not.toEqual([]);
  });
}
