// An answer that readers see while it is written, as in a chat with a language model. A page that is reloaded, a second
// tab and a late reader get the same text. Anybody may stop it, in whichever process it is written. If that process
// dies, another one ends the answer. For the AI SDK and TanStack AI there is `@tidings/ai`.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, type Writer } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { z } from "zod";

const end = z.object({ outcome: z.enum(["done", "stopped", "aborted"]) });
export const ai = defineContract({
  answer: channel("answers/:id", { token: z.object({ text: z.string() }) }, { end }),
});

/** A model: it gives an answer word by word, until the signal is aborted. */
export type Model = (prompt: string, signal: AbortSignal) => AsyncIterable<string>;

/** The server. @param save called with every answer, before its end */
export function startAnswers(port: number, log: EventLog, model: Model, save: (id: string, text: string) => void) {
  const keep = { channels: { answer: { entries: 10_000, age: 3_600_000 } } };
  const hub = createHub(ai, { log, keep, authorize: () => true });

  /** Goes on while nobody reads. */
  async function write(lease: Writer<typeof ai, "answer">, prompt: string): Promise<void> {
    await using writer = lease; // if something is thrown, the answer ends as aborted
    let text = "";
    for await (const word of model(prompt, writer.signal)) {
      text += word;
      // Not awaited: what comes while the log stores a word is stored together.
      writer.publish("token", { text: word }).catch(console.error);
    }
    save(writer.address.params.id, text);
    await writer.end({ outcome: writer.signal.aborted ? "stopped" : "done" });
  }

  const app = express().all("/events", toNodeHandler(hub));
  app.post("/answers", express.text({ type: () => true }), async (request, response) => {
    const id = crypto.randomUUID();
    const writer = await hub.lease(ai.answer({ id }), { ttl: 10_000, aborted: { outcome: "aborted" } });
    write(writer, String(request.body)).catch(console.error);
    // A page keeps both values in its URL, so after a reload it reads from the first word.
    response.status(201).json({ id, after: writer.askedAt });
  });
  app.post("/answers/:id/stop", async (request, response) => {
    await hub.stop(ai.answer(request.params));
    response.status(204).end();
  });
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/** The client. Yields the existing words first, then each new one. Returns the outcome, or why nothing more comes. */
export async function* readAnswer(client: Client<typeof ai>, { id, after }: { id: string; after: string }) {
  const reading = client.events(ai.answer({ id }), { after });
  let next = await reading.next();
  for (; next.done !== true; next = await reading.next()) yield next.value.data.text;
  return typeof next.value === "string" ? next.value : next.value.data.outcome;
}

const slowWords: Model = async function* (prompt, signal) {
  for (const word of `You asked: ${prompt} Tea is a drink that takes its time.`.split(" ")) {
    await sleep(500);
    if (signal.aborted) return;
    yield `${word} `;
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  startAnswers(Number(port), sqliteLog("answers.db"), slowWords, (_id, text) => console.log(`(saved: ${text})`));
  const url = `http://127.0.0.1:${port}`;
  console.log(`Ask with the first command. It prints an id and an after, for the other two:
  curl -d 'What is tea?' ${url}/answers
  curl -N '${url}/events?channel=answers/<id>&after=<after>'
  curl -X POST ${url}/answers/<id>/stop`);
}
