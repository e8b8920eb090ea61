// An answer that readers see while it is written, as in a chat with a language model.
//
// The words are events of the answer's own channel. A page that is reloaded, a second tab and a late reader all get the
// same text. The writing does not depend on any reader. For the AI SDK and TanStack AI there is `@tidings/ai`.
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock, type Writer } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { z } from "zod";

const end = z.object({ outcome: z.enum(["done", "stopped", "aborted"]) });
const events = { begun: z.object({ prompt: z.string() }), token: z.object({ text: z.string() }) };
export const ai = defineContract({ answer: channel("answers/:answerId", events, { end }) });

/** The server. @param save called with every answer, before its end */
export function startAnswers(port: number, save: (answerId: string, text: string) => void, clock = systemClock) {
  const keep = { channels: { answer: { entries: 10_000, age: 3_600_000 } } };
  const hub = createHub(ai, { log: memoryLog(), keep, authorize: () => true });

  async function write(writer: Writer<typeof ai, "answer">, prompt: string): Promise<void> {
    let text = "";
    for await (const word of generateWords(prompt, writer.signal, clock)) {
      text += word;
      // Not awaited: what comes while the log stores a word is stored together.
      writer.publish("token", { text: word }).catch(console.error);
    }
    save(writer.address.params.answerId, text);
    await writer.end({ outcome: writer.signal.aborted ? "stopped" : "done" });
  }

  const app = express().all("/events", toNodeHandler(hub));
  app.post("/answers", express.text({ type: () => true }), async (request, response) => {
    const answerId = randomUUID();
    const prompt = String(request.body);
    // If this process dies, another one ends the answer as aborted.
    const writer = await hub.lease(ai.answer({ answerId }), { ttl: 10_000, aborted: { outcome: "aborted" } });
    const { id } = await writer.publish("begun", { prompt });
    write(writer, prompt).catch((error: unknown) => {
      console.error(error);
      // The lease stands for as long as this process lives, and so long would readers wait.
      writer.end({ outcome: "aborted" }).catch(console.error);
    });
    // A page keeps both values in its URL, so after a reload it reads from the first word.
    response.status(201).json({ answerId, after: id });
  });
  app.post("/answers/:answerId/stop", async (request, response) => {
    await hub.stop(ai.answer(request.params)); // reaches the writer in whichever process it is
    response.status(204).end();
  });
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/** The client. Yields the existing text first, then each new word. Returns the outcome, or why nothing more comes. */
export async function* readAnswer(client: Client<typeof ai>, { answerId, after }: { answerId: string; after: string }) {
  const reading = client.events(ai.answer({ answerId }), { after });
  let next = await reading.next();
  for (; next.done !== true; next = await reading.next()) {
    if (next.value.type === "token") yield next.value.data.text;
  }
  return typeof next.value === "string" ? next.value : next.value.data.outcome;
}

const WORDS = ["tea ", "is ", "thé, ", "茶 ", "and ", "steeps ", "slowly 🍵 ", "until\n"];

/** Takes the place of a language model. It is slow, and always gives the same words for the same prompt. */
async function* generateWords(prompt: string, signal: AbortSignal, clock: typeof systemClock) {
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const count = 20 * prompt.length;
  let seed = prompt.length;
  for (let index = 0; index < count && !signal.aborted; index++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const pause = new Promise<void>((resolve) => void clock.setTimeout(resolve, 5 + (seed % 40)));
    await Promise.race([aborted, pause]);
    yield WORDS[seed % WORDS.length] ?? "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const url = `http://127.0.0.1:${port}`;
  startAnswers(Number(port), (_id, text) => console.log(`\n(saved ${text.length} characters)`));
  console.log(`Ask with the first command. It prints an answerId and an after, for the other two:
  curl -d 'What is tea?' ${url}/answers
  curl -N '${url}/events?channel=answers/<answerId>&after=<after>'
  curl -X POST ${url}/answers/<answerId>/stop`);
}
