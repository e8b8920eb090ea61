import { createContext, runInContext } from "node:vm";
import { expect, test } from "vitest";
import { bundle, gzipped } from "./bundle.ts";

const CHAT = `
  import { channel, defineContract, latest, volatile } from "@tidings/contract";
  import { isoDate } from "@tidings/contract/codecs";
  import { createClient } from "@tidings/client";
  import * as z from "zod/mini";
  const Message = z.object({ id: z.string(), author: z.string(), text: z.string(), sentAt: isoDate });
  const chat = defineContract({
    room: channel("rooms/:roomId", { message: Message, typing: volatile(z.object({ author: z.string() })), topic: latest(z.object({ text: z.string() })) }, { snapshot: z.object({ messages: z.array(Message) }) }),
    inbox: channel("users/:userId/inbox", { mention: z.object({ roomId: z.string(), by: z.string() }) }),
  });
  export const client = createClient(chat, { url: "/events" });
`;

// Ceilings, not goals. docs/decisions/bundle.md says what each part weighs.
test("the client without zod stays under 10 kB, gzipped", async () => {
  expect(gzipped(await bundle(`export { createClient } from "../../src/index.ts";`, ["zod", "zod/*"]))).toBeLessThan(
    10_000,
  );
});

test("the client with a chat contract in zod/mini, all included, stays under 15.7 kB, gzipped", async () => {
  expect(gzipped(await bundle(CHAT))).toBeLessThan(15_700);
});

test("the bundle needs no DOM, no Node and no timers to be imported, and never uses what React Native lacks", async () => {
  const source = await bundle(`export { createClient } from "../../src/index.ts";`);
  expect(source).not.toMatch(/TextDecoderStream|new Request\b/);
  const used = source.replace(/export\{[^}]*\};?\s*$/, "");
  // Of what is no part of the language, a parser of UTF-8 is all that is wanted at import.
  expect(() => void runInContext(used, createContext({ TextDecoder }))).not.toThrow();
});
