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

// The goal is 5 kB without zod and 13 kB with it, and is not reached: 1.1 kB of the client alone are the parser and the rest of
// the wire. The budgets are what is needed today and 1%: whoever makes the bundle larger has to say so here.
test("the client without zod stays under 8 kB, gzipped", async () => {
  expect(gzipped(await bundle(`export { createClient } from "../../src/index.ts";`, ["zod", "zod/*"]))).toBeLessThan(
    7_940,
  );
});

test("the client with a chat contract in zod/mini, all included, stays under 14.7 kB, gzipped", async () => {
  expect(gzipped(await bundle(CHAT))).toBeLessThan(14_650);
});

test("the bundle needs no DOM, no Node and no timers to be imported, and never uses what React Native lacks", async () => {
  const source = await bundle(`export { createClient } from "../../src/index.ts";`);
  expect(source).not.toMatch(/TextDecoderStream|new Request\b/);
  const used = source.replace(/export\{[^}]*\};?\s*$/, "");
  // Of what is no part of the language, a parser of UTF-8 is all that is wanted at import.
  expect(() => void runInContext(used, createContext({ TextDecoder }))).not.toThrow();
});
