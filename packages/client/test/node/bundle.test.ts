import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { bundle } from "./bundle.ts";

test("the bundle imports without DOM, Node or timers, and never uses what React Native lacks", async () => {
  const source = await bundle(`export { createClient } from "../../src/index.ts";`);
  expect(source).not.toMatch(/TextDecoderStream|new Request\b/);
  const script = source.replace(/export\{[^}]*\};?\s*$/, "");
  expect(() => void runInContext(script, createContext({}))).not.toThrow();
});
